import type { AgentIdentity } from '@penstock/wire';
import { type AgentMessageOf, PROTOCOL_VERSION, TunnelError } from '@penstock/wire';

/** Why a session with this hello cannot be admitted; undefined when it can. */
export function refusalOf(
  hello: AgentMessageOf<'hello'>,
  identity: AgentIdentity,
  isRevoked: (identity: AgentIdentity) => boolean,
): TunnelError | undefined {
  if (hello.protocol !== PROTOCOL_VERSION) {
    return new TunnelError(
      'VERSION_UNSUPPORTED',
      `The agent speaks protocol ${hello.protocol}, this gateway ${PROTOCOL_VERSION}.`,
    );
  }
  if (hello.agent.name !== identity.name) {
    return new TunnelError(
      'IDENTITY_UNKNOWN',
      `The agent's file calls it ${hello.agent.name}, its certificate ${identity.name}. Enroll it again.`,
    );
  }
  // Checked when the session was requested too. The identity may have expired or been revoked in between.
  if (isRevoked(identity)) return new TunnelError('IDENTITY_REVOKED');
  return identity.notAfter < Date.now() ? new TunnelError('IDENTITY_EXPIRED') : undefined;
}
