import { monitorEventLoopDelay } from 'node:perf_hooks';

export type LoopDelay = {
  /** Returns the delay of the event loop since the previous call, in milliseconds. */
  take(): { p99Ms: number; maxMs: number };
  stop(): void;
};

const RESOLUTION_MS = 20;

/** Starts to measure how far the event loop of this process runs behind its timers. The caller stops it. */
export function measureLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // The histogram records the time between samples, which includes the resolution itself.
  const milliseconds = (nanoseconds: number) =>
    Math.max(0, Math.round(nanoseconds / 1e4) / 100 - RESOLUTION_MS);
  return {
    take() {
      const isEmpty = histogram.count === 0;
      const result = isEmpty
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
