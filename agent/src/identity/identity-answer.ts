import { IssuedIdentity, isProblemCode, ProblemError } from '@penstock/wire';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** Sends one JSON request to the gateway, over the same way sessions take, and returns what it answered. */
export type Post = (
  path: string,
  body: unknown,
) => Promise<{
  readonly status: number;
  /** As parsed from JSON; undefined when it was none. */
  readonly body: unknown;
  /** Seconds, from the Retry-After header. */
  readonly retryAfter?: number | undefined;
}>;

const isIssuedIdentity = new Ajv2020({ strict: true }).compile<IssuedIdentity>(IssuedIdentity);
const MAX_DETAIL = 1000;

/** The identity in the gateway's answer. Throws ProblemError: the gateway's own, or INTERNAL for what is neither. */
export function readIdentityAnswer({ status, body, retryAfter }: Awaited<ReturnType<Post>>): IssuedIdentity {
  const options = retryAfter === undefined ? {} : { retryAfter };
  if (status === 200) {
    if (isIssuedIdentity(body)) return body;
    throw new ProblemError('INTERNAL', 'The gateway answered, but not with an identity.', options);
  }
  const { code, detail } = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  if (isProblemCode(code)) {
    throw new ProblemError(
      code,
      typeof detail === 'string' ? detail.slice(0, MAX_DETAIL) : undefined,
      options,
    );
  }
  throw new ProblemError(
    'INTERNAL',
    `HTTP ${status} came back without a reason of Penstock's: is there something between the agent and the ` +
      'gateway that answers in its place?',
    options,
  );
}
