import { paths, type RenewRequest } from '@penstock/wire';
import type { AgentCredentials } from './agent-credentials.ts';
import { type Post, readIdentityAnswer } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import type { KeyStore } from './key-store.ts';

/**
 * Requests the next certificate over a connection made with the current one, and returns it staged. The caller connects
 * with it and promotes it only after that succeeds. After a lost answer, call it again. Throws like `enroll`.
 */
export async function renew(post: Post, keyStore: KeyStore): Promise<AgentCredentials> {
  const current = await keyStore.current();
  if (current === undefined) {
    throw new IdentityError('missing', 'There is no identity to renew. Enroll this agent first.');
  }
  const { csr } = await keyStore.prepare(current.name);
  const request: RenewRequest = { csr };
  const next = await keyStore.stage(readIdentityAnswer(await post(paths.renew, request)));
  if (next.agentId !== current.agentId) {
    await keyStore.discardNext();
    throw new IdentityError(
      'certificate-rejected',
      'The gateway sent a certificate for another agent, so it is not used.',
    );
  }
  return next;
}

/**
 * The time to renew, in milliseconds since 1970: after two thirds of the certificate's lifetime, up to a twentieth of it
 * earlier, so that agents enrolled at the same time do not renew at the same time. `random` is in [0, 1).
 */
export function renewAt(
  { notBefore, notAfter }: Pick<AgentCredentials, 'notBefore' | 'notAfter'>,
  random: () => number = Math.random,
): number {
  return notBefore + (notAfter - notBefore) * (2 / 3 - random() / 20);
}
