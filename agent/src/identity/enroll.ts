import type { Secret } from '@penstock/config-schema';
import { type EnrollRequest, paths } from '@penstock/wire';
import type { AgentCredentials } from './agent-credentials.ts';
import { type Post, readIdentityAnswer } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import type { KeyStore } from './key-store.ts';

export type EnrollOptions = { readonly token: Secret; readonly name: string; readonly pool: string };

/**
 * Enrolls the agent and returns its credentials, which are then current on disk. An agent whose certificate has expired
 * enrolls with its existing key: the gateway recognizes the key, and the token does not lose a use. The identity of another agent or
 * organization is never overwritten. Throws ProblemError for a refusal of the gateway, IdentityError or PrivateFileError for the directory, and whatever `post` throws. A failed
 * call can be repeated without loss.
 */
export async function enroll(
  post: Post,
  { token, name, pool }: EnrollOptions,
  keyStore: KeyStore,
): Promise<AgentCredentials> {
  const current = await keyStore.current();
  if (current !== undefined && !isSameAgent(current, { name, pool }))
    throw foreignAgent(current, { name, pool });
  const { csr } = await keyStore.prepare(name, current === undefined ? 'new' : 'current');
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
  if (current !== undefined && current.organization !== credentials.organization) {
    await keyStore.discardNext();
    throw new IdentityError(
      'foreign',
      `The gateway is of organization ${credentials.organization}, and identity.directory has the identity of an agent of ` +
        `${current.organization}, which is kept. ${REMEDY}`,
    );
  }
  return keyStore.promote();
}

type Names = { readonly name: string; readonly pool: string };

export const isSameAgent = (one: Names, other: Names) => one.name === other.name && one.pool === other.pool;

const REMEDY =
  'Set identity.directory to a directory of its own. To replace the old identity for good, revoke it at the gateway and move ' +
  'current.pem away.';

/** The directory has the identity of another agent. Enrolling would destroy its key, which exists nowhere else. */
export function foreignAgent(current: AgentCredentials, { name, pool }: Names): IdentityError {
  return new IdentityError(
    'foreign',
    `identity.directory has the identity of ${current.name} in pool ${current.pool}, but agent.yaml is for ${name} in pool ` +
      `${pool}. ${REMEDY}`,
  );
}
