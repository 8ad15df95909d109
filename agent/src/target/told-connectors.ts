import { type Connector, formatHostPort } from '@penstock/config-schema';
import type { AgentMessageOf } from '@penstock/wire';

type Told = AgentMessageOf<'hello'>['connectors'];

/** Bytes of addresses that one control message has room for, beside the names of all connectors. */
const ROOM = 16 * 1024;

/**
 * What the gateway is told of the connectors. Addresses beyond what a message holds are left out: those connectors can
 * be asked for by the names of their connections only.
 */
export function toldConnectors(connectors: readonly Connector[]): Told {
  let room = ROOM;
  return connectors.map(({ name, kind, address, alternates }) => {
    const addresses = [address, ...alternates].map(formatHostPort);
    room -= addresses.reduce((sum, each) => sum + each.length + 4, 0);
    return room < 0 ? { name, kind } : { name, kind, addresses };
  });
}
