import { StoreError, storeOutages } from '@penstock/store';
import { ProblemError } from '@penstock/wire';

/** Retry-After while the store is unavailable. */
const RETRY_AFTER_SECONDS = 5;

/** Converts a StoreError to ProblemError STORE_UNAVAILABLE. Returns any other error unchanged. */
export function storeProblemOf(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const detail =
    error.outage && `The store of the control plane is unavailable: ${storeOutages[error.outage]}.`;
  return new ProblemError('STORE_UNAVAILABLE', detail, { cause: error, retryAfter: RETRY_AFTER_SECONDS });
}

/** Runs `work`. Its StoreErrors are thrown as ProblemError STORE_UNAVAILABLE. */
export async function withStoreProblems<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw storeProblemOf(error);
  }
}
