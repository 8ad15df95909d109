import { errorCode, errorText, ProblemError, problemCodes } from '@penstock/wire';

export type FailureFields = {
  readonly code?: string;
  readonly detail: string;
  /** What to do about a refusal of the gateway. */
  readonly advice?: string;
};

/** What the log has of a failure: its code, when it has one, and its words. */
export function failureFields(error: unknown): FailureFields {
  const code = errorCode(error);
  return {
    ...(code !== undefined && { code }),
    detail: errorText(error),
    ...(error instanceof ProblemError && { advice: problemCodes[error.code].advice }),
  };
}
