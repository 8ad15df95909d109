import { paths, type RenewRequest } from '@penstock/wire';
import type { AgentCredentials } from './agent-credentials.ts';
import { type Post, readIdentityAnswer } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import type { KeyStore } from './key-store.ts';

/**
 * Asks for the next certificate, over a session that the current one opened, and returns it staged: the caller
 * connects with it, and only then promotes it. After a lost answer, call it again. Throws as `enroll` does.
 */
export async function renew(post: Post, keyStore: KeyStore): Promise<AgentCredentials> {
  const current = await keyStore.current();
  if (current === undefined) {
    throw new IdentityError('missing', 'There is no identity to renew. Enroll this agent first.');
  }
  const { csr } = await keyStore.prepare(current.name);
  const request: RenewRequest = { csr };
  const identity = await keyStore.stage(readIdentityAnswer(await post(paths.renew, request)));
  if (identity.agentId !== current.agentId) {
    await keyStore.discardNext();
    throw new IdentityError(
      'certificate-rejected',
      'The gateway sent a certificate for another agent. It is not used.',
    );
  }
  return identity;
}

/**
 * When to renew, in milliseconds since 1970: at two thirds of the certificate's life, up to a twentieth earlier, so
 * that a fleet enrolled at once does not renew at once. `random` is in [0, 1).
 */
export function renewAt(
  { notBefore, notAfter }: Pick<AgentCredentials, 'notBefore' | 'notAfter'>,
  random: () => number = Math.random,
): number {
  return notBefore + (notAfter - notBefore) * (2 / 3 - random() / 20);
}
