import { type Clock, systemClock } from '@penstock/runtime';

/** What the keepalive needs of a session, and no more. */
export type KeepalivePort = {
  /** Sends an HTTP/2 PING; `onPong` gets the round trip in milliseconds. May throw when the session is gone. */
  ping(onPong: (roundTrip: number) => void): void;
  /** Bytes received so far. Any byte is a sign of life. */
  bytesReceived(): number;
  /** The peer gave no sign of life within the deadline. Called at most once; the keepalive has stopped. */
  onDead(reason: string): void;
  onRoundTrip?(milliseconds: number): void;
  /** This host slept: the peer may long be gone. A ping with a short deadline is already under way. */
  onSlept?(): void;
};

export type KeepaliveOptions = {
  /** Milliseconds between pings; every one is moved by up to a fifth either way. */
  readonly interval: number;
  /** Milliseconds without a byte after a ping that end the session. */
  readonly timeout: number;
  /** The same for the first ping alone, when the peer is suspect from the start; `timeout` when left out. */
  readonly firstTimeout?: number;
  readonly clock?: Clock;
};

const JITTER = 0.2;
/** A timer this late means that our own loop was blocked: silence then proves nothing about the peer. */
const LATE = 200;
/** A timer this late, or a date this far ahead of the monotonic clock, means that the host slept. */
const SLEPT = 30_000;
/** Deadline of the ping after a sleep. */
const SUSPECT_TIMEOUT = 3_000;

/**
 * Pings a session and tells when the peer is gone; the answer stops it. One ping is out at a time. A deadline that
 * fires late is checked again after a poll, and once more after a full timeout: what arrived while our loop was
 * blocked still waits in the kernel.
 */
export function keepAlive(port: KeepalivePort, options: KeepaliveOptions): () => void {
  const clock = options.clock ?? systemClock;
  let stopTimer = () => {};
  let life: 'running' | 'stopped' = 'running';
  let generation = 0;

  const stop = () => {
    life = 'stopped';
    stopTimer();
  };

  const die = (reason: string) => {
    stop();
    port.onDead(reason);
  };

  const at = (delay: number, callback: (late: number, slept: boolean) => void) => {
    const due = clock.now() + delay;
    const wall = clock.wall() - clock.now();
    stopTimer = clock.after(delay, () => {
      const late = clock.now() - due;
      const slept = late > SLEPT || clock.wall() - clock.now() - wall > SLEPT;
      callback(late, slept);
    });
  };

  const scheduleNext = () => {
    const jitter = 1 + JITTER * (2 * clock.random() - 1);
    at(options.interval * jitter, (_late, slept) => {
      if (slept) suspect();
      else ping(options.timeout);
    });
  };

  const suspect = () => {
    port.onSlept?.();
    if (life === 'running') ping(Math.min(SUSPECT_TIMEOUT, options.timeout));
  };

  const ping = (timeout: number) => {
    generation += 1;
    const mine = generation;
    const received = port.bytesReceived();
    try {
      port.ping((roundTrip) => {
        if (life === 'stopped' || mine !== generation) return;
        stopTimer();
        scheduleNext();
        port.onRoundTrip?.(roundTrip);
      });
    } catch {
      die('The session is gone.');
      return;
    }
    if (life === 'running') awaitLife(mine, received, timeout, true);
  };

  const awaitLife = (mine: number, received: number, timeout: number, mayExtend: boolean) => {
    at(timeout, (late, slept) => {
      stopTimer = clock.afterPoll(() => {
        if (life === 'stopped' || mine !== generation) return;
        if (port.bytesReceived() !== received) scheduleNext();
        else if (slept) suspect();
        else if (mayExtend && late > LATE) awaitLife(mine, received, timeout, false);
        else die(`The peer sent nothing within ${timeout} ms of a ping.`);
      });
    });
  };

  // The first ping goes out at once: it measures the round trip the windows follow.
  ping(options.firstTimeout ?? options.timeout);
  return stop;
}
