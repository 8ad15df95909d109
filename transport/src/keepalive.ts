import { type Clock, systemClock } from '@penstock/runtime';

/** The part of a session that the keepalive uses. */
export type KeepalivePort = {
  /** Sends an HTTP/2 PING; `onPong` is called with the round trip in milliseconds. May throw after the session's end. */
  ping(onPong: (roundTrip: number) => void): void;
  /** Bytes received so far. Any byte proves that the peer is alive. */
  bytesReceived(): number;
  /** Nothing was received within the deadline. Called at most once, after the keepalive has stopped. */
  onDead(reason: string): void;
  onRoundTrip?(milliseconds: number): void;
  /** This host was suspended, and the peer may be gone. Called before a ping with a short deadline is sent. */
  onSlept?(): void;
};

export type KeepaliveOptions = {
  /** Milliseconds between pings, with a random deviation of up to 20 %. */
  readonly interval: number;
  /** Milliseconds after a ping within which a byte must be received. */
  readonly timeout: number;
  /** Replaces `timeout` for the first ping, when the peer may be gone already. */
  readonly firstTimeout?: number;
  readonly clock?: Clock;
};

const JITTER = 0.2;
/** A timer this late means that this event loop was blocked, so silence proves nothing about the peer. */
const BLOCKED_MS = 200;
/** A timer this late, or a wall clock this far ahead of the monotonic one, means that the host was suspended. */
const SUSPENDED_MS = 30_000;
/** Deadline of the first ping to a peer that may be gone. */
export const SUSPECT_TIMEOUT_MS = 3_000;

/**
 * Pings a session, and reports a peer that does not answer. Returns a function that stops it. One ping is outstanding
 * at a time. A deadline that fires late is checked again after the poll phase, and extended once by a full timeout:
 * data that arrived while the event loop was blocked is still in the kernel.
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
      const slept = late > SUSPENDED_MS || clock.wall() - clock.now() - wall > SUSPENDED_MS;
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
    if (life === 'running') ping(Math.min(SUSPECT_TIMEOUT_MS, options.timeout));
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
      die('The session has ended.');
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
        else if (mayExtend && late > BLOCKED_MS) awaitLife(mine, received, timeout, false);
        else die(`The peer sent nothing for ${timeout} ms after a ping.`);
      });
    });
  };

  // The first ping is immediate: receive windows depend on the measured round trip.
  ping(options.firstTimeout ?? options.timeout);
  return stop;
}
