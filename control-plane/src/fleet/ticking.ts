import type { Clock } from '@penstock/runtime';

export type TickingOptions = {
  readonly clock: Clock;
  readonly judge: () => void;
  /** Reads the store again, for what others wrote to it. */
  readonly refresh: () => Promise<void>;
  readonly onFailed: (error: unknown) => void;
};

export type Ticking = {
  /** False when the last refresh failed. */
  readonly isFresh: boolean;
  /** Stops the timer. Resolves when no refresh is in progress. */
  stop(): Promise<void>;
};

const TICK_MS = 1_000;
const REFRESH_MS = 60_000;

/** Calls `judge` every second, for changes that only the passing of time causes, and `refresh` every minute. */
export function startTicking({ clock, judge, refresh, onFailed }: TickingOptions): Ticking {
  let isFresh = true;
  let refreshing = Promise.resolve();
  let readAt = clock.now();
  let stopTimer = () => {};
  const read = async () => {
    try {
      await refresh();
      isFresh = true;
    } catch (error) {
      if (isFresh) onFailed(error);
      isFresh = false;
    }
    readAt = clock.now();
    reading = 'no';
  };
  let reading: 'no' | 'yes' = 'no';
  const tick = () => {
    const due = clock.now() + TICK_MS;
    stopTimer = clock.after(TICK_MS, () => {
      const late = clock.now() - due;
      tick();
      // After the event loop was blocked, heartbeats that arrived in the meantime have not been read yet.
      if (late < TICK_MS) judge();
      if (reading === 'yes' || clock.now() - readAt < REFRESH_MS) return;
      reading = 'yes';
      refreshing = read();
    });
  };
  tick();
  return {
    get isFresh() {
      return isFresh;
    },
    async stop() {
      stopTimer();
      await refreshing;
    },
  };
}
