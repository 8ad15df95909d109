import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answerWith, type Handlers } from './ask.ts';

/**
 * Preloaded into a measured Node process: the benchmark asks how late its event loop was since it asked before. The
 * first question begins the measurement, so that a process of which nobody asks pays nothing.
 */
export type DelayHandlers = {
  /** The 99th percentile, in milliseconds. */
  delay: (argument: null) => Promise<number>;
};

/** Milliseconds between two looks; a loop that is on time shows as this. */
const RESOLUTION = 10;
const NANOSECONDS = 1e6;

let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

const handlers: DelayHandlers = {
  async delay() {
    const late =
      histogram === undefined || histogram.count === 0
        ? 0
        : Math.max(0, histogram.percentile(99) / NANOSECONDS - RESOLUTION);
    histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION });
    histogram.reset();
    histogram.enable();
    return late;
  },
};
answerWith(handlers satisfies Handlers);
process.channel?.unref();
