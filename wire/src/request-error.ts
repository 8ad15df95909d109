/** Why an agent did not carry out a request of the control plane. Closed: docs/errors.md has a row for each. */
export const requestErrorCodes = {
  REQUEST_DENIED: "The agent's own policy does not allow this request.",
  REQUEST_UNKNOWN: 'The agent does not know this action.',
  REQUEST_MALFORMED: 'The arguments do not fit this action.',
  REQUEST_OVERLOADED: 'The agent is already working on as many requests as it accepts.',
  REQUEST_FAILED: 'The agent could not complete the request.',
  CONNECTOR_UNKNOWN: "The agent's configuration has no connector of this name.",
} as const;

export type RequestErrorCode = keyof typeof requestErrorCodes;

export function isRequestErrorCode(value: unknown): value is RequestErrorCode {
  return typeof value === 'string' && Object.hasOwn(requestErrorCodes, value);
}

/** An agent's refusal or failure of a request. `detail` is sent verbatim and must not contain secrets. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? requestErrorCodes[code], options);
    this.code = code;
  }
}
