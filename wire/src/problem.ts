/**
 * Codes of the problem documents (RFC 9457) on the tunnel port's plain requests. Closed, like the close codes:
 * docs/errors.md has a row for each. `status` is the HTTP status, `permanent` means that the same request
 * will fail again until a person changes something; `advice` tells that person what, the first of what docs/errors.md
 * says.
 */
export const problemCodes = {
  TOKEN_UNKNOWN: {
    status: 401,
    permanent: true,
    sentence: 'This enrollment token does not exist.',
    advice:
      'Copy the token again, whole, from the gateway that made it, or make another with penstock-gateway token create.',
  },
  TOKEN_EXPIRED: {
    status: 401,
    permanent: true,
    sentence: 'This enrollment token has expired.',
    advice: 'Make a new one with penstock-gateway token create; --ttl says how long it lives.',
  },
  TOKEN_REVOKED: {
    status: 401,
    permanent: true,
    sentence: 'This enrollment token was revoked.',
    advice: 'Ask who revoked it, or make a new one with penstock-gateway token create.',
  },
  TOKEN_EXHAUSTED: {
    status: 401,
    permanent: true,
    sentence: 'This enrollment token has no uses left.',
    advice: 'Make a new one with penstock-gateway token create; --uses says how many agents it enrolls.',
  },
  TOKEN_WRONG_POOL: {
    status: 403,
    permanent: true,
    sentence: 'This enrollment token is for another pool.',
    advice: "Use a token of the agent's pool, or correct pool in agent.yaml.",
  },
  TOKEN_WRONG_NAME: {
    status: 403,
    permanent: true,
    sentence: 'This enrollment token does not allow this agent name.',
    advice: 'Correct name in agent.yaml, or make a token whose --name-pattern allows it.',
  },
  TOKEN_WRONG_SOURCE: {
    status: 403,
    permanent: true,
    sentence: 'This enrollment token may not be used from this address.',
    advice:
      "Enroll from an address that the token's --source allows; behind a NAT or a proxy the gateway sees that one's address.",
  },
  IDENTITY_REQUIRED: {
    status: 401,
    permanent: true,
    sentence: 'This request needs a client certificate of this gateway.',
    advice: 'Enroll the agent first; if it is enrolled, something in between ends TLS.',
  },
  IDENTITY_UNKNOWN: {
    status: 401,
    permanent: true,
    sentence: 'The client certificate is not one this gateway issued.',
    advice: 'Enroll the agent again, or restore the data directory of the gateway.',
  },
  IDENTITY_EXPIRED: {
    status: 401,
    permanent: true,
    sentence: 'The client certificate has expired.',
    advice: "Check the agent's clock, then enroll it again with a new token.",
  },
  IDENTITY_REVOKED: {
    status: 403,
    permanent: true,
    sentence: "The agent's identity has been revoked.",
    advice: 'If the agent should come back, enroll it again with a new token.',
  },
  NAME_TAKEN: {
    status: 409,
    permanent: true,
    sentence: 'Another agent with another key already has this name.',
    advice:
      'Give this agent another name; if it replaces one that lost its key, revoke the old identity first.',
  },
  POOL_UNKNOWN: {
    status: 404,
    permanent: true,
    sentence: 'This gateway has no pool of this name.',
    advice: 'Add the pool to pools in gateway.yaml, or correct pool in agent.yaml.',
  },
  REQUEST_INVALID: {
    status: 400,
    permanent: true,
    sentence: 'The request is not well formed.',
    advice: 'Run the same release on agent and gateway.',
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    permanent: true,
    sentence: 'The request is too large.',
    advice: 'Run the same release on agent and gateway.',
  },
  CSR_INVALID: {
    status: 400,
    permanent: true,
    sentence: 'The certificate request is not acceptable.',
    advice: 'Sign the request with a P-256 key of its own, as our agents do.',
  },
  NOT_FOUND: {
    status: 404,
    permanent: true,
    sentence: 'There is nothing at this path.',
    advice: 'Ask the admin address: this port speaks to agents only.',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    permanent: false,
    sentence: 'Too many requests; try again later.',
    advice: 'Wait: the agent tries again by itself.',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    permanent: false,
    sentence: 'The store of the control plane does not answer.',
    advice: 'Check the disk of dataDirectory on the gateway; the agent tries again by itself.',
  },
  INTERNAL: {
    status: 500,
    permanent: false,
    sentence: 'Something failed inside the gateway.',
    advice: "Look for the cause in the gateway's log at level error, and report it with that line.",
  },
} as const satisfies Record<string, { status: number; permanent: boolean; sentence: string; advice: string }>;

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
