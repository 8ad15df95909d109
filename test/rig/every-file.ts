import { isMainThread } from 'node:worker_threads';

/** Loaded before every test file, and by its workers, which are no files. */
if (isMainThread) {
  const { PATIENCE_MS } = await import('./deadline.ts');
  const { endWhenOver } = await import('./end-when-over.ts');
  endWhenOver(3 * PATIENCE_MS);
}
