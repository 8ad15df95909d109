import type { Secret } from '@penstock/config-schema';
import { type EnrollRequest, paths } from '@penstock/wire';
import type { AgentCredentials } from './agent-credentials.ts';
import { type Post, readIdentityAnswer } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import type { KeyStore } from './key-store.ts';

export type EnrollOptions = { readonly token: Secret; readonly name: string; readonly pool: string };

/**
 * Enrolls once and returns the identity, which is current from then on. An agent whose certificate ran out enrolls
 * with the key it has, so the gateway knows it again and the token loses no further use. Throws ProblemError for
 * what the gateway says, IdentityError for the directory, and whatever `post` throws; nothing is lost by
 * calling it again.
 */
export async function enroll(
  post: Post,
  { token, name, pool }: EnrollOptions,
  keyStore: KeyStore,
): Promise<AgentCredentials> {
  const current = await keyStore.current();
  const same = current !== undefined && current.name === name && current.pool === pool;
  const { csr } = await keyStore.prepare(name, same ? 'current' : 'new');
  const request: EnrollRequest = { token: token.reveal(), name, pool, csr };
  const issued = readIdentityAnswer(await post(paths.enroll, request));
  const identity = await keyStore.stage(issued);
  if (identity.name !== name || identity.pool !== pool) {
    await keyStore.discardNext();
    throw new IdentityError(
      'certificate-rejected',
      `The gateway sent a certificate for ${identity.name} in ${identity.pool}, and this agent is ${name} in ` +
        `${pool}. It is not used.`,
    );
  }
  return keyStore.promote();
}
