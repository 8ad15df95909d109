import type { Clock } from './clock.ts';

/** Items that one slice handles at most. */
export const MAX_SLICE_ITEMS = 128;
/** Time after which a slice ends, in milliseconds. One item can exceed it: an item is never interrupted. */
export const MAX_SLICE_MS = 1;

/**
 * Calls `step` with each item, and returns to the event loop between slices, so that work on many items never delays
 * what else the process does. The first slice runs before this function returns. Items are read from the iterable as the
 * work proceeds; the iterable must tolerate changes between slices, as the iterators of Map and Set do.
 *
 * Resolves when all items are done, or at the next slice after `signal` is aborted. Rejects when `step` throws.
 */
export async function inSlices<Item>(
  items: Iterable<Item>,
  step: (item: Item) => void,
  clock: Pick<Clock, 'now' | 'afterPoll'>,
  signal?: AbortSignal,
): Promise<void> {
  let startedAt = clock.now();
  let done = 0;
  for (const item of items) {
    step(item);
    done += 1;
    if (done < MAX_SLICE_ITEMS && clock.now() - startedAt < MAX_SLICE_MS) continue;
    // The next item is read after the wait: what the iterable yields is current when `step` gets it.
    await nextTurn(clock, signal);
    if (signal?.aborted === true) return;
    startedAt = clock.now();
    done = 0;
  }
}

/** Resolves after the event loop has polled for input, or when `signal` is aborted. */
export function nextTurn(clock: Pick<Clock, 'afterPoll'>, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.afterPoll(resolve);
  const abort = () => {
    cancel();
    resolve();
  };
  signal?.addEventListener('abort', abort, { once: true });
  return promise.finally(() => signal?.removeEventListener('abort', abort));
}
