import type { Secret } from '@penstock/config-schema';
import { type EnrollRequest, paths } from '@penstock/wire';
import type { AgentCredentials } from './agent-credentials.ts';
import { type Post, readIdentityAnswer } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import type { KeyStore } from './key-store.ts';

export type EnrollOptions = { readonly token: Secret; readonly name: string; readonly pool: string };

/**
 * Enrolls the agent and returns its credentials, which are then current on disk. An agent whose certificate has expired
 * enrolls with its existing key: the gateway recognizes the key, and the token does not lose a use. Throws ProblemError for a
 * refusal of the gateway, IdentityError or PrivateFileError for the directory, and whatever `post` throws. A failed
 * call can be repeated without loss.
 */
export async function enroll(
  post: Post,
  { token, name, pool }: EnrollOptions,
  keyStore: KeyStore,
): Promise<AgentCredentials> {
  const current = await keyStore.current();
  const isSameAgent = current !== undefined && current.name === name && current.pool === pool;
  const { csr } = await keyStore.prepare(name, isSameAgent ? 'current' : 'new');
  const request: EnrollRequest = { token: token.reveal(), name, pool, csr };
  const issued = readIdentityAnswer(await post(paths.enroll, request));
  const credentials = await keyStore.stage(issued);
  if (credentials.name !== name || credentials.pool !== pool) {
    await keyStore.discardNext();
    throw new IdentityError(
      'certificate-rejected',
      `The gateway sent a certificate for ${credentials.name} in pool ${credentials.pool} instead of ${name} in pool ` +
        `${pool}, so it is not used.`,
    );
  }
  return keyStore.promote();
}
