import type { Store } from '@penstock/store';

const DAY_MS = 24 * 60 * 60_000;

/** Time for which expired certificates, and keys without a certificate, are kept. */
const RETENTION_MS = 30 * DAY_MS;

export type PruningOptions = {
  readonly store: Store;
  readonly clock: () => number;
  /** Called when a later round fails. The next one follows regardless. */
  readonly onFailed: (error: unknown) => void;
};

/**
 * Deletes old certificates and keys from the store, now and then daily: agents renew every day, and the store must not
 * grow without bound. Returns a function that stops it and resolves when no round is running. The timer does not keep the
 * process alive. Throws StoreError if the first round fails.
 */
export async function startPruning(options: PruningOptions): Promise<() => Promise<void>> {
  const { onFailed } = options;
  await prune(options);
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = prune(options).catch(onFailed);
  }, DAY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return running;
  };
}

/** Prunes keys after certificates: the last certificate of an agent is kept, and so is its key. */
async function prune({ store, clock }: PruningOptions): Promise<void> {
  const before = clock() - RETENTION_MS;
  await store.identities.prune(before);
  await store.agentKeys.prune(before);
}
