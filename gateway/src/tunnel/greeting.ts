import type { AgentIdentity } from '@penstock/wire';
import { type AgentMessageOf, PROTOCOL_VERSION, TunnelError } from '@penstock/wire';

/** Why this gateway cannot work with what an agent says of itself, or undefined. */
export function refusalOf(hello: AgentMessageOf<'hello'>, identity: AgentIdentity): TunnelError | undefined {
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
  return undefined;
}
