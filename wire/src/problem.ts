import { type ProblemDocument, problemDocument } from './problem-document.ts';

/**
 * Codes of the problem documents (RFC 9457) that the tunnel port returns to plain requests. Closed, like the close codes:
 * docs/errors.md has a row for each. `status` is the HTTP status. `permanent` means that the same request keeps failing
 * until a person changes something, and `advice` tells that person what to change. docs/errors.md says more.
 */
export const problemCodes = {
  TOKEN_UNKNOWN: {
    status: 401,
    permanent: true,
    message: 'This enrollment token does not exist.',
    advice:
      'Copy the complete token from the gateway that created it, or create another with penstock-gateway token create.',
  },
  TOKEN_EXPIRED: {
    status: 401,
    permanent: true,
    message: 'This enrollment token has expired.',
    advice: 'Create a new token with penstock-gateway token create. Its --ttl sets the lifetime.',
  },
  TOKEN_REVOKED: {
    status: 401,
    permanent: true,
    message: 'This enrollment token was revoked.',
    advice: 'Ask who revoked it, or create a new token with penstock-gateway token create.',
  },
  TOKEN_EXHAUSTED: {
    status: 401,
    permanent: true,
    message: 'This enrollment token has no uses left.',
    advice:
      'Create a new token with penstock-gateway token create. Its --uses sets how many agents it enrolls.',
  },
  TOKEN_WRONG_POOL: {
    status: 403,
    permanent: true,
    message: 'This enrollment token is for another pool.',
    advice: "Use a token of the agent's pool, or correct pool in agent.yaml.",
  },
  TOKEN_WRONG_NAME: {
    status: 403,
    permanent: true,
    message: 'This enrollment token does not allow this agent name.',
    advice: 'Correct name in agent.yaml, or create a token whose --name-pattern allows it.',
  },
  TOKEN_WRONG_SOURCE: {
    status: 403,
    permanent: true,
    message: 'This enrollment token cannot be used from this address.',
    advice:
      "Enroll from an address that the token's --source allows. Behind a NAT or proxy, the gateway sees the address of that device.",
  },
  IDENTITY_REQUIRED: {
    status: 401,
    permanent: true,
    message: 'This request requires a client certificate issued by this gateway.',
    advice:
      'Enroll the agent first. If it is enrolled, check for a device that terminates TLS between agent and gateway.',
  },
  IDENTITY_UNKNOWN: {
    status: 401,
    permanent: true,
    message: 'This gateway did not issue the client certificate.',
    advice: 'Enroll the agent again, or restore the data directory of the gateway.',
  },
  IDENTITY_EXPIRED: {
    status: 401,
    permanent: true,
    message: 'The client certificate has expired.',
    advice: "Check the agent's clock, then enroll it again with a new token.",
  },
  IDENTITY_REVOKED: {
    status: 403,
    permanent: true,
    message: "The agent's identity has been revoked.",
    advice: 'To reinstate the agent, enroll it again with a new token.',
  },
  NAME_TAKEN: {
    status: 409,
    permanent: true,
    message: 'Another agent with a different key already has this name.',
    advice:
      'Give this agent another name. If it replaces an agent that lost its key, revoke the old identity first.',
  },
  POOL_UNKNOWN: {
    status: 404,
    permanent: true,
    message: 'This gateway has no pool of this name.',
    advice: 'Add the pool to pools in gateway.yaml, or correct pool in agent.yaml.',
  },
  REQUEST_INVALID: {
    status: 400,
    permanent: true,
    message: 'The request is malformed.',
    advice: 'Run the same release on agent and gateway.',
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    permanent: true,
    message: 'The request is too large.',
    advice: 'Run the same release on agent and gateway.',
  },
  CSR_INVALID: {
    status: 400,
    permanent: true,
    message: 'The certificate signing request is not acceptable.',
    advice: 'Sign the request with the P-256 key that it contains, as penstock-agent does.',
  },
  NOT_FOUND: {
    status: 404,
    permanent: true,
    message: 'Nothing exists at this path.',
    advice: 'Use the admin address: this port serves agents only.',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    permanent: false,
    message: 'Too many requests. Try again later.',
    advice: 'Wait: the agent retries automatically.',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    permanent: false,
    message: 'The store of the control plane is unavailable.',
    advice: 'Check the disk of dataDirectory on the gateway. The agent retries automatically.',
  },
  INTERNAL: {
    status: 500,
    permanent: false,
    message: 'The gateway failed internally.',
    advice: "Find the cause in the gateway's log at level error, and report it with that line.",
  },
} as const satisfies Record<string, { status: number; permanent: boolean; message: string; advice: string }>;

export type ProblemCode = keyof typeof problemCodes;

const MAX_DETAIL_CHARACTERS = 1000;

export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(problemCodes, value);
}

/** A refusal that is sent to the peer. `detail` is sent verbatim and must not contain secrets. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  /** Seconds that the peer should wait before it retries. */
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions & { retryAfter?: number }) {
    super(detail ?? problemCodes[code].message, options);
    this.code = code;
    this.retryAfter = options?.retryAfter;
  }

  get status(): number {
    return problemCodes[this.code].status;
  }

  toDocument(): ProblemDocument {
    return problemDocument(this.code, problemCodes[this.code], this.message);
  }
}

/**
 * The error that a response body describes, or undefined when the body is not one of our problem documents.
 * `retryAfter` is in seconds.
 */
export function readProblem(body: unknown, retryAfter?: number): ProblemError | undefined {
  if (typeof body !== 'object' || body === null || !('code' in body) || !isProblemCode(body.code))
    return undefined;
  const detail =
    'detail' in body && typeof body.detail === 'string'
      ? body.detail.slice(0, MAX_DETAIL_CHARACTERS)
      : undefined;
  return new ProblemError(body.code, detail, retryAfter === undefined ? {} : { retryAfter });
}
