import type { Clock } from '@penstock/runtime';

export type TickingOptions = {
  readonly clock: Clock;
  readonly judge: () => void;
  /** Reads what others wrote to the store. */
  readonly refresh: () => Promise<void>;
  readonly onFailed: (error: unknown) => void;
};

export type Ticking = {
  /** False when the last reading of the store failed. */
  readonly isFresh: boolean;
  /** Ends it, and comes back when the store is no longer read. */
  stop(): Promise<void>;
};

const TICK = 1_000;
const REFRESH = 60_000;

/** Judges the fleet every second, for what changes by time alone, and reads the store every minute. */
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
    const due = clock.now() + TICK;
    stopTimer = clock.after(TICK, () => {
      const late = clock.now() - due;
      tick();
      // Our own event loop was blocked: heartbeats that came meanwhile have not been read yet.
      if (late < TICK) judge();
      if (reading === 'yes' || clock.now() - readAt < REFRESH) return;
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
