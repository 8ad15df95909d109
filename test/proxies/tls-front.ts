import { connect } from 'node:net';
import { createServer } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from '../rig/certificates.ts';
import { listenOnLoopback, ServerSockets } from '../rig/server-sockets.ts';

/** Terminates TLS in front of `to`, like a proxy with an https:// URL. */
export async function startTlsFront(
  { chain, key }: TestCertificate,
  to: HostPort,
): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new ServerSockets();
  const server = createServer({ cert: chain, key, ALPNProtocols: ['http/1.1'] }, (socket) => {
    const upstream = connect(to);
    sockets.adopt(socket);
    sockets.adopt(upstream);
    socket.pipe(upstream).pipe(socket);
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => socket.destroy());
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const { port } = await listenOnLoopback(server);
  return { url: `https://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => sockets.endWith(server) };
}
