import { type Attempt, type AttemptLimit, AttemptLimitError } from '@penstock/runtime';
import { ProblemError } from '@penstock/wire';

/** Counts an attempt, which the caller forgives when it succeeds. Throws ProblemError TOO_MANY_REQUESTS. */
export function takeAttempt(limit: AttemptLimit, source: string): Attempt {
  return asProblem(() => limit.take(source));
}

/**
 * Runs `work` as an attempt of `source`. A success is forgiven, and so is an error for which `isFault` returns false:
 * the source is not to blame for it. Throws ProblemError TOO_MANY_REQUESTS, and whatever `work` throws.
 */
export async function attempted<Result>(
  limit: AttemptLimit,
  source: string,
  isFault: (error: unknown) => boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  const attempt = takeAttempt(limit, source);
  try {
    const result = await work();
    attempt.forgive();
    return result;
  } catch (error) {
    if (!isFault(error)) attempt.forgive();
    throw error;
  }
}

function asProblem<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof AttemptLimitError)) throw error;
    const { retryAfter } = error;
    throw new ProblemError('TOO_MANY_REQUESTS', `Too many attempts. Try again in ${retryAfter} s.`, {
      cause: error,
      retryAfter,
    });
  }
}
