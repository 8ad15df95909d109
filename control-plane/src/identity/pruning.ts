import type { Store } from '@penstock/store';

const DAY = 24 * 60 * 60_000;

/** How long expired certificates, and keys that have none, stay on record. */
const KEEP = 30 * DAY;

export type PruningOptions = {
  readonly store: Store;
  readonly clock: () => number;
  /** A later round failed; the next comes all the same. */
  readonly onFailed: (error: unknown) => void;
};

/**
 * Forgets old certificates and keys, at once and then daily: agents renew every day, and the store must not grow
 * with that. The answer stops it and comes back when no round runs any more; until then it does not keep the process
 * alive. Throws StoreError when the first round fails.
 */
export async function startPruning(options: PruningOptions): Promise<() => Promise<void>> {
  const { onFailed } = options;
  await prune(options);
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = prune(options).catch(onFailed);
  }, DAY);
  timer.unref();
  return () => {
    clearInterval(timer);
    return running;
  };
}

/** Keys go after certificates: the last certificate of an agent stays on record, and keeps its key there. */
async function prune({ store, clock }: PruningOptions): Promise<void> {
  const before = clock() - KEEP;
  await store.identities.prune(before);
  await store.agentKeys.prune(before);
}
