import { monitorEventLoopDelay } from 'node:perf_hooks';

export type LoopDelay = {
  /** Delay of the event loop since the last call, in milliseconds. */
  take(): { p99Ms: number; maxMs: number };
  stop(): void;
};

const RESOLUTION = 20;

/** Measures how late this process's event loop is. */
export function measureLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
  const milliseconds = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e4) / 100 - RESOLUTION);
  return {
    take() {
      const empty = histogram.count === 0;
      const result = empty
        ? { p99Ms: 0, maxMs: 0 }
        : { p99Ms: milliseconds(histogram.percentile(99)), maxMs: milliseconds(histogram.max) };
      histogram.reset();
      return result;
    },
    stop: () => {
      histogram.disable();
    },
  };
}
