/** A request that failed: refused by the gateway, or not answered at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The code of the problem document (RFC 9457), or one of `NETWORK`, `NO_ANSWER`, `BAD_ANSWER`. */
  readonly code: string;
  /** 0 if there was no response. */
  readonly status: number;
  /** Milliseconds after which the same request can succeed, if the gateway said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, detail: string, status = 0, retryAfterMs?: number) {
    super(detail);
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the session is the problem, and not the request. */
  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

/** Reads a failed response. What is not a problem document comes from a proxy in between. */
export function errorOf(response: Response, body: unknown): ApiError {
  const retryAfter = Number(response.headers.get('retry-after'));
  const retryAfterMs = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : undefined;
  if (isProblem(body)) return new ApiError(body.code, body.detail, response.status, retryAfterMs);
  return new ApiError(
    'BAD_ANSWER',
    `The answer has status ${response.status} and is not from a Penstock gateway. A proxy in between may have sent it.`,
    response.status,
    retryAfterMs,
  );
}

export type Problem = { readonly code: string; readonly detail: string };

function isProblem(body: unknown): body is Problem {
  const { code, detail } = (body ?? {}) as Partial<Record<keyof Problem, unknown>>;
  return typeof code === 'string' && typeof detail === 'string';
}

/** Any thrown value as an ApiError. `fetch` rejects with a TypeError if there is no response. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new ApiError('NO_ANSWER', 'The gateway did not answer in time.');
  }
  if (error instanceof TypeError) {
    return new ApiError('NETWORK', 'The gateway cannot be reached from this browser.');
  }
  return new ApiError('BAD_ANSWER', error instanceof Error ? error.message : String(error));
}
