import { once } from 'node:events';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';

/** Something that ends TLS on loopback as a gateway does, and says nothing unless `onConnection` does. */
export type TlsGateway = AsyncDisposable & {
  readonly address: HostPort;
  /** Bytes clients have sent after the handshake. */
  readonly bytes: number;
};

export async function startTlsGateway(
  options: TlsOptions,
  onConnection: (socket: TLSSocket) => void = () => {},
): Promise<TlsGateway> {
  const sockets = new Set<TLSSocket>();
  let bytes = 0;
  const server: Server = createServer(
    { minVersion: 'TLSv1.3', ALPNProtocols: ['h2'], ...options },
    (socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      onConnection(socket);
    },
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('It listens on no TCP port.');
  return {
    address: { host: '127.0.0.1', port: bound.port },
    get bytes() {
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
