import { type Connector, formatHostPort } from '@penstock/config-schema';
import type { AgentMessageOf } from '@penstock/wire';

type AnnouncedConnectors = AgentMessageOf<'hello'>['connectors'];

/** Addresses that fit one control message next to the names of all connectors. */
const MAX_ADDRESS_BYTES = 16 * 1024;
/** Quotes, comma and brackets around an address. */
const ADDRESS_OVERHEAD_BYTES = 4;

/**
 * The connectors as they are announced to the gateway. Connectors whose addresses do not fit are announced without them:
 * clients can then reach those by the names of their connections only.
 */
export function announcedConnectors(connectors: readonly Connector[]): AnnouncedConnectors {
  let availableBytes = MAX_ADDRESS_BYTES;
  return connectors.map(({ name, kind, address, alternates }) => {
    const addresses = [address, ...alternates].map(formatHostPort);
    availableBytes -= addresses.reduce((sum, each) => sum + each.length + ADDRESS_OVERHEAD_BYTES, 0);
    return availableBytes < 0 ? { name, kind } : { name, kind, addresses };
  });
}
