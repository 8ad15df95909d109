import { systemClock } from '@penstock/runtime';

/** Milliseconds between two ticks. */
export const TICK_MS = 400;
/** A tick this late means that this event loop was blocked, so silence proves nothing about a peer. */
const BLOCKED_MS = 200;
/** A tick this late means that a peer may have given this end up, because the process was stopped or its host was asleep. */
const STALLED_MS = 1_500;
/** Milliseconds of calls in one turn of the event loop. One call can exceed it. */
const SLICE_MS = 1;
/** Milliseconds after a stall in which the end of a session is put down to it. */
const RECOVERY_MS = 10_000;

type Listener = (isLate: boolean) => void;

const listeners = new Set<Listener>();
let timer: NodeJS.Timeout | undefined;
/** Whether this event loop was blocked before the round of calls in progress, or since its begin. */
let isLate = false;
/** Ends that round. */
let round: (() => void) | undefined;
let due = 0;
/** The wall clock goes on while the host sleeps; the monotonic one stands still. */
let ahead = 0;
let stalledAt = Number.NEGATIVE_INFINITY;

/**
 * Calls `listener` a few times a second until the returned function is called. One timer serves all of them: a gateway has
 * thousands of sessions. `isLate` means that this event loop was blocked. It is called after the poll phase, because bytes that
 * arrived meanwhile are still in the kernel before it.
 */
export function everyTick(listener: Listener): () => void {
  listeners.add(listener);
  if (timer === undefined) startTimer();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    round?.();
    round = undefined;
    timer = undefined;
  };
}

/** Whether this process did not run for a while, a moment ago. Known only while something listens. */
export const hasStalled = (): boolean => performance.now() - stalledAt < RECOVERY_MS;

function startTimer(): void {
  due = performance.now() + TICK_MS;
  ahead = systemClock.wall() - performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    const late = now - due;
    const slept = systemClock.wall() - now - ahead;
    if (late > STALLED_MS || slept > STALLED_MS) stalledAt = now;
    due = now + TICK_MS;
    ahead = systemClock.wall() - now;
    // A round that takes longer than a tick takes the place of the next one.
    isLate = late > BLOCKED_MS || (round !== undefined && isLate);
    round ??= startRound();
  }, TICK_MS);
}

/** Calls every listener, a few in each turn of the event loop. The returned function ends that. */
function startRound(): () => void {
  const rest = listeners.values();
  const callSome = () => {
    const end = performance.now() + SLICE_MS;
    for (const listener of rest) {
      listener(isLate);
      if (performance.now() < end) continue;
      if (round !== undefined) immediate = setImmediate(callSome);
      return;
    }
    round = undefined;
  };
  let immediate = setImmediate(callSome);
  return () => clearImmediate(immediate);
}
