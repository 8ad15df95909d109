import { IssuedIdentity, ProblemError, readProblem } from '@penstock/wire';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type PostAnswer = {
  readonly status: number;
  /** Parsed from JSON, or undefined when it is not JSON. */
  readonly body: unknown;
  /** Seconds, from the Retry-After header. */
  readonly retryAfter?: number | undefined;
};

/** Sends a JSON request to the gateway over the transport that sessions use. */
export type Post = (path: string, body: unknown) => Promise<PostAnswer>;

let validate: ValidateFunction<IssuedIdentity> | undefined;

/** Compiled when first used, because commands load this module too. */
function isIssuedIdentity(body: unknown): body is IssuedIdentity {
  validate ??= new Ajv2020({ strict: true }).compile<IssuedIdentity>(IssuedIdentity);
  return validate(body);
}

/** Reads the identity in the gateway's answer. Throws the gateway's ProblemError, or INTERNAL when there is neither. */
export function readIdentityAnswer({ status, body, retryAfter }: PostAnswer): IssuedIdentity {
  if (status === 200 && isIssuedIdentity(body)) return body;
  const problem = status === 200 ? undefined : readProblem(body, retryAfter);
  if (problem !== undefined) throw problem;
  throw new ProblemError(
    'INTERNAL',
    status === 200
      ? 'The gateway answered without an identity.'
      : `HTTP ${status} was answered without a Penstock problem document. Check for a device between agent and gateway ` +
          'that answers in its place.',
    retryAfter === undefined ? {} : { retryAfter },
  );
}
