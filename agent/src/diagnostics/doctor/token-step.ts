import type { AgentConfig } from '@penstock/config-schema';
import { type EnrollCheck, errorCode, errorText, ProblemError, paths, problemCodes } from '@penstock/wire';
import type { PlainAnswer, PlainRequest } from '../../tunnel/plain-request.ts';
import { responseError } from '../../tunnel/response-body.ts';
import { type Step, StepFailure, type StepResult } from './run-steps.ts';

export type TokenStepOptions = {
  readonly config: Pick<AgentConfig, 'name' | 'pool' | 'identity'>;
  /** Whether the agent needs the token: it has no identity, or the gateway does not accept the one it has. */
  readonly isNeeded: () => boolean;
  /** Whether the agent has a key, with which it may enroll again without taking a use. */
  readonly hasKey: () => boolean;
  /** Sends a request on the connection of the steps before. */
  readonly send: (request: PlainRequest) => Promise<PlainAnswer>;
};

/** Asks the gateway whether it would accept the enrollment token. The token keeps its uses. */
export function tokenStep({ config, isNeeded, hasKey, send }: TokenStepOptions): Step {
  const { name, pool, identity } = config;
  return {
    name: 'enrollment token',
    needs: ['http2'],
    async run() {
      if (!isNeeded())
        return { verdict: 'skipped', message: 'The agent has an identity and needs no token.' };
      const token = identity.enrollmentToken?.reveal();
      if (token === undefined) {
        return { verdict: 'skipped', message: identity.enrollmentTokenMissing ?? 'No token is configured.' };
      }
      const body: EnrollCheck = { token, name, pool };
      const {
        status,
        body: answer,
        retryAfter,
      } = await send({ method: 'POST', path: paths.enrollCheck, body });
      if (status === 200) return accepted(answer);
      const error = responseError(status, answer, retryAfter);
      const code = errorCode(error);
      if (code === 'NOT_FOUND' || code === 'TOO_MANY_REQUESTS' || code === 'STORE_UNAVAILABLE')
        return unknown(error);
      // The same key with the same token gets a certificate again, whatever is left of the token.
      if (code === 'TOKEN_EXHAUSTED' && hasKey()) return unknown(error);
      const advice = error instanceof ProblemError ? problemCodes[error.code].advice : '';
      throw new StepFailure(errorText(error), advice, { cause: error });
    },
  };
}

function accepted(answer: unknown): StepResult {
  const { usesLeft, expiresAt } = (answer ?? {}) as { usesLeft?: unknown; expiresAt?: unknown };
  const facts =
    typeof usesLeft === 'number' && typeof expiresAt === 'string'
      ? `: ${usesLeft} ${usesLeft === 1 ? 'use is' : 'uses are'} left, until ${expiresAt}`
      : '';
  return { message: `The gateway would accept the enrollment token${facts}.` };
}

/** The gateway is older than this request, or cannot answer it now. */
const unknown = (error: Error): StepResult => ({
  verdict: 'skipped',
  message: `It is not known whether the gateway would accept the enrollment token: ${error.message}`,
  advice: 'On the gateway, penstock-gateway token list shows whether it can still be used.',
});
