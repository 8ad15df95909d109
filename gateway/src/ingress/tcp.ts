import { type AddressInfo, createServer } from 'node:net';
import { type CloseCode, errorText } from '@penstock/wire';
import { sourceAllowList } from '../access/source-address.ts';
import { withReader } from './accepted-socket.ts';
import type { OpenWayIn, Way, WayIn, WayInPorts } from './way-in.ts';

/** Opens a TCP port whose every client belongs to one connection. Throws what listening throws. */
export async function openTcpIngress(
  { listen, ways }: WayIn<'tcp'>,
  { serve, log }: WayInPorts,
): Promise<OpenWayIn> {
  const [way] = ways;
  if (way === undefined) throw new TypeError('A TCP port belongs to a connection.');
  const connection = way.connection.name;
  let isAllowed = sourceAllowList(way.ingress.allow);
  const server = createServer(
    {
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
    (accepted) => {
      const { socket, reader } = withReader(accepted);
      const client = socket.remoteAddress;
      if (client === undefined) {
        // It has left before it was accepted, and nobody knows any more where it came from.
        socket.on('error', () => {}).destroy();
        return;
      }
      const refuse = (code: CloseCode, detail: string) => {
        log('client-denied', { connection, client, code, detail });
        socket.on('error', () => {}).resetAndDestroy();
      };
      if (!isAllowed(client)) refuse('CLIENT_DENIED', `${client} is not in the allow list of this ingress.`);
      else if (!serve(connection, { socket, reader, address: client }))
        refuse('LIMIT_EXCEEDED', 'The connection has its maxConnections.');
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(listen.port, listen.host, resolve);
  await promise;
  server.off('error', reject);
  // Out of descriptors, say: this client is lost, and the next may find one free.
  server.on('error', (error) => log('accept-failed', { connection, detail: errorText(error) }));
  return {
    address: server.address() as AddressInfo,
    apply([changed]: readonly Way<'tcp'>[]) {
      if (changed !== undefined) isAllowed = sourceAllowList(changed.ingress.allow);
    },
    async close() {
      // The callback waits for the clients as well; the port is free at once.
      server.close();
    },
  };
}
