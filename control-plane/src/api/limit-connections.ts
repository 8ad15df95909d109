import type { Server, Socket } from 'node:net';
import { FairItems } from '@penstock/runtime';

/** Connections of the admin address, event streams included. */
const MAX_CONNECTIONS = 512;
/** Those of them on which no request has been authenticated. */
const MAX_STRANGERS = 128;

type Stranger = { readonly socket: Socket; readonly remove: () => void };

export type LimitedConnections = {
  /** The socket of a request that was authenticated. */
  authenticated(socket: Socket): void;
};

/**
 * Limits the connections of the admin address, which share the descriptors of the process with clients and agents. When
 * strangers have too many, the oldest one of the address that has the most is closed; an authenticated one never is.
 */
export function limitConnections(server: Server): LimitedConnections {
  const strangers = new FairItems<Stranger>();
  // With TLS, node:https wraps the accepted socket in another one. Both have the same addresses.
  const byAddresses = new Map<string, Stranger>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    if (strangers.size >= MAX_STRANGERS) {
      const oldest = strangers.mostDispensable;
      oldest?.remove();
      oldest?.socket.destroy();
    }
    const addresses = addressesOf(socket);
    const remove = () => {
      removeItem();
      if (byAddresses.get(addresses) === stranger) byAddresses.delete(addresses);
    };
    const stranger: Stranger = { socket, remove };
    const removeItem = strangers.add(socket.remoteAddress ?? '', stranger);
    byAddresses.set(addresses, stranger);
    socket.once('close', remove);
  });
  return { authenticated: (socket) => byAddresses.get(addressesOf(socket))?.remove() };
}

const addressesOf = ({ localAddress, localPort, remoteAddress, remotePort }: Socket) =>
  `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
