import { StoreError, storeOutages } from '@penstock/store';
import { ProblemError } from '@penstock/wire';

/** Seconds a peer is asked to wait while the store does not answer. */
const RETRY_AFTER = 5;

/** A StoreError as the problem the peer is told; any other error as it is. */
export function withStoreProblem(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const detail =
    error.outage && `The store of the control plane cannot be used: ${storeOutages[error.outage]}.`;
  return new ProblemError('STORE_UNAVAILABLE', detail, { cause: error, retryAfter: RETRY_AFTER });
}

/** Does `work`, and throws its StoreErrors as ProblemError STORE_UNAVAILABLE. */
export async function tellStoreProblems<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw withStoreProblem(error);
  }
}
