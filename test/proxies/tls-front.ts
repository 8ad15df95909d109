import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from '../rig/certificates.ts';

/** Ends TLS in front of `to`, as a proxy with an https:// URL does. */
export async function startTlsFront(
  { chain, key }: TestCertificate,
  to: HostPort,
): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: chain, key, ALPNProtocols: ['http/1.1'] }, (socket) => {
    const upstream = connect(to);
    sockets.add(socket.on('error', () => {}));
    socket.pipe(upstream.on('error', () => {})).pipe(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      upstream.destroy();
    });
    upstream.once('close', () => socket.destroy());
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('It listens on no TCP port.');
  return {
    url: `https://127.0.0.1:${bound.port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
