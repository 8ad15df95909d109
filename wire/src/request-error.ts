/**
 * Why an agent did not do what the gateway asked on the control stream. Closed: docs/errors.md has a row for each.
 */
export const requestErrorCodes = {
  REQUEST_DENIED: "The agent's own policy does not allow this.",
  REQUEST_UNKNOWN: 'The agent does not know this action.',
  REQUEST_MALFORMED: 'The arguments are not those of this action.',
  REQUEST_OVERLOADED: 'The agent already works on as many requests as it takes.',
  REQUEST_FAILED: 'The agent tried, and something failed inside it.',
  CONNECTOR_UNKNOWN: "The agent's file has no connector of this name.",
} as const;

export type RequestErrorCode = keyof typeof requestErrorCodes;

export function isRequestErrorCode(value: unknown): value is RequestErrorCode {
  return typeof value === 'string' && Object.hasOwn(requestErrorCodes, value);
}

/** A request of the gateway that the agent does not fulfill. `detail` is sent as is: it must hold no secret. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? requestErrorCodes[code], options);
    this.code = code;
  }
}
