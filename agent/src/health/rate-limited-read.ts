import { type Clock, systemClock } from '@penstock/runtime';

/** Wraps `read` so that it runs at most once per `intervalMs`. Calls in between, such as parallel heartbeats, get its last value. */
export function rateLimitedRead<Value>(
  read: () => Value,
  intervalMs: number,
  clock: Pick<Clock, 'now'> = systemClock,
): () => Value {
  let last: { readonly at: number; readonly value: Value } | undefined;
  return () => {
    const now = clock.now();
    if (last === undefined || now - last.at >= intervalMs) last = { at: now, value: read() };
    return last.value;
  };
}
