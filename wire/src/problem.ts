/**
 * Codes of the problem documents (RFC 9457) on the tunnel port's plain requests. Closed, like the close codes:
 * docs/errors.md has a row for each. `status` is the HTTP status, `permanent` means that the same request
 * will fail again until a person changes something.
 */
export const problemCodes = {
  TOKEN_UNKNOWN: { status: 401, permanent: true, sentence: 'This enrollment token does not exist.' },
  TOKEN_EXPIRED: { status: 401, permanent: true, sentence: 'This enrollment token has expired.' },
  TOKEN_REVOKED: { status: 401, permanent: true, sentence: 'This enrollment token was revoked.' },
  TOKEN_USED_UP: { status: 401, permanent: true, sentence: 'This enrollment token has no uses left.' },
  TOKEN_WRONG_POOL: { status: 403, permanent: true, sentence: 'This enrollment token is for another pool.' },
  TOKEN_WRONG_NAME: {
    status: 403,
    permanent: true,
    sentence: 'This enrollment token does not allow this agent name.',
  },
  TOKEN_WRONG_SOURCE: {
    status: 403,
    permanent: true,
    sentence: 'This enrollment token may not be used from this address.',
  },
  IDENTITY_REQUIRED: {
    status: 401,
    permanent: true,
    sentence: 'This request needs a client certificate of this gateway.',
  },
  IDENTITY_UNKNOWN: {
    status: 401,
    permanent: true,
    sentence: 'The client certificate is not one this gateway issued.',
  },
  IDENTITY_EXPIRED: { status: 401, permanent: true, sentence: 'The client certificate has expired.' },
  IDENTITY_REVOKED: { status: 403, permanent: true, sentence: "The agent's identity has been revoked." },
  NAME_TAKEN: {
    status: 409,
    permanent: true,
    sentence: 'Another agent with another key already has this name.',
  },
  POOL_UNKNOWN: { status: 404, permanent: true, sentence: 'This gateway has no pool of this name.' },
  REQUEST_INVALID: { status: 400, permanent: true, sentence: 'The request is not well formed.' },
  REQUEST_TOO_LARGE: { status: 413, permanent: true, sentence: 'The request is too large.' },
  CSR_INVALID: { status: 400, permanent: true, sentence: 'The certificate request is not acceptable.' },
  NOT_FOUND: { status: 404, permanent: true, sentence: 'There is nothing at this path.' },
  TOO_MANY_REQUESTS: { status: 429, permanent: false, sentence: 'Too many requests; try again later.' },
  STORE_UNAVAILABLE: {
    status: 503,
    permanent: false,
    sentence: 'The store of the control plane does not answer.',
  },
  INTERNAL: { status: 500, permanent: false, sentence: 'Something failed inside the gateway.' },
} as const satisfies Record<string, { status: number; permanent: boolean; sentence: string }>;

export type ProblemCode = keyof typeof problemCodes;

/** A problem document as it travels. */
export type ProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
};

export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(problemCodes, value);
}

/** A refusal that the peer is told. `detail` is sent as is: it must hold no secret. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  /** Seconds the peer is asked to wait before it tries again. */
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions & { retryAfter?: number }) {
    super(detail ?? problemCodes[code].sentence, options);
    this.code = code;
    this.retryAfter = options?.retryAfter;
  }

  get status(): number {
    return problemCodes[this.code].status;
  }

  toDocument(): ProblemDocument {
    const { status, sentence } = problemCodes[this.code];
    return {
      type: `urn:penstock:problem:${this.code}`,
      title: sentence,
      status,
      code: this.code,
      detail: this.message,
    };
  }
}
