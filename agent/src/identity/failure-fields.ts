import { errorCode, errorText, ProblemError, problemCodes } from '@penstock/wire';

export type FailureFields = {
  readonly code?: string;
  readonly detail: string;
  /** What to do about a refusal of the gateway. */
  readonly advice?: string;
};

/** The log fields of a failure: its message, its code if it has one, and the advice for a problem. */
export function failureFields(error: unknown): FailureFields {
  const code = errorCode(error);
  return {
    ...(code !== undefined && { code }),
    detail: errorText(error),
    ...(error instanceof ProblemError && { advice: problemCodes[error.code].advice }),
  };
}
