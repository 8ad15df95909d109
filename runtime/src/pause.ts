import type { Clock } from './clock.ts';

/** Resolves after `milliseconds`, or immediately when `signal` aborts. Never rejects. */
export async function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = clock.after(milliseconds, resolve);
  const abort = () => resolve();
  signal.addEventListener('abort', abort, { once: true });
  await promise;
  stop();
  signal.removeEventListener('abort', abort);
}
