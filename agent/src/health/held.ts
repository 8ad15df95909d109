import { type Clock, systemClock } from '@penstock/runtime';

/** Reads at most once in `milliseconds` and gives the last value in between, to parallel heartbeats for example. */
export function held<Value>(
  read: () => Value,
  milliseconds: number,
  clock: Pick<Clock, 'now'> = systemClock,
): () => Value {
  let last: { readonly at: number; readonly value: Value } | undefined;
  return () => {
    const now = clock.now();
    if (last === undefined || now - last.at >= milliseconds) last = { at: now, value: read() };
    return last.value;
  };
}
