import type { ControlPlaneLog, Identity, OpenFleet } from '@penstock/control-plane';
import { readAgentIdentity } from '@penstock/wire';
import type { IdentityPort } from '../control-plane-port.ts';

/** The identity service behind the tunnel port. Logs each issued identity and reports it to the fleet. */
export function loggedIdentity(
  { enrollment, renewal, revocation }: Identity,
  fleet: Pick<OpenFleet, 'issued'>,
  log: ControlPlaneLog,
): IdentityPort {
  return {
    async enroll(body, address) {
      const issued = await enrollment.enroll(body, address);
      const { agentId, notAfter } = issued;
      const identity = readAgentIdentity(Buffer.from(issued.certificateChain));
      if (identity !== undefined) fleet.issued({ ...identity, id: agentId });
      const { name, pool } = identity ?? {};
      log('agent-enrolled', { agent: name, pool, agentId, address, notAfter });
      return issued;
    },
    checkEnrollment: (body, address) => enrollment.check(body, address),
    async renew(identity, body) {
      const issued = await renewal.renew(identity, body);
      const { name, pool, agentId } = identity;
      fleet.issued({ id: agentId, name, pool, notAfter: Date.parse(issued.notAfter) });
      log('agent-renewed', { agent: name, agentId, notAfter: issued.notAfter });
      return issued;
    },
    isRevoked: (identity) => revocation.isRevoked(identity),
  };
}
