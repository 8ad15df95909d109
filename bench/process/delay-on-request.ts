import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answerWith, type Handlers } from './ask.ts';

/**
 * Preloaded into a measured Node process: the benchmark requests the delay of its event loop since the previous
 * request. The first request starts the measurement, so it costs nothing in other processes.
 */
export type DelayHandlers = {
  /** The 99th percentile, in milliseconds. */
  delay: (argument: null) => Promise<number>;
};

/** Sampling interval in milliseconds; an undelayed loop measures exactly this. */
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
