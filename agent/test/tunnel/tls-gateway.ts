import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import { listenOnLoopback, ServerSockets } from '../../../test/rig/server-sockets.ts';

/** A server that terminates TLS on loopback like a gateway, and sends nothing unless `onConnection` does. */
export type TlsGateway = AsyncDisposable & {
  readonly address: HostPort;
  /** Bytes that clients have sent after the handshake. */
  readonly bytes: number;
};

export async function startTlsGateway(
  options: TlsOptions,
  onConnection: (socket: TLSSocket) => void = () => {},
): Promise<TlsGateway> {
  const sockets = new ServerSockets();
  let bytes = 0;
  const server = createServer({ minVersion: 'TLSv1.3', ALPNProtocols: ['h2'], ...options }, (socket) => {
    sockets.adopt(socket);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    onConnection(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const address = await listenOnLoopback(server);
  return {
    address,
    get bytes() {
      return bytes;
    },
    [Symbol.asyncDispose]: () => sockets.endWith(server),
  };
}
