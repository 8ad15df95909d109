import { type AddressInfo, createServer } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { type CloseCode, errorText } from '@penstock/wire';
import type { SourceAllowList } from '../access/source-address.ts';
import type { GatewayLog } from '../observe/event.ts';
import { type AcceptedSocket, withReader } from './accepted-socket.ts';

export type TcpIngressOptions = {
  readonly connection: string;
  readonly listen: HostPort;
  readonly isAllowed: SourceAllowList;
  /** Takes an accepted client over; false when there is no room for it. */
  readonly serve: (client: AcceptedSocket) => boolean;
  readonly log: GatewayLog;
};

export type Ingress = {
  readonly address: AddressInfo;
  setAllowed(isAllowed: SourceAllowList): void;
  /** Takes no new clients. Those that are in go on. */
  close(): Promise<void>;
};

/** Opens a TCP port whose every client belongs to one connection. Throws what listening throws. */
export async function openTcpIngress(options: TcpIngressOptions): Promise<Ingress> {
  const { connection, listen, log } = options;
  let isAllowed = options.isAllowed;
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
      else if (!options.serve({ socket, reader }))
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
    setAllowed: (allowed) => {
      isAllowed = allowed;
    },
    async close() {
      // The callback waits for the clients as well; the port is free at once.
      server.close();
    },
  };
}
