import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from '../rig/certificates.ts';
import { listenOnLoopback, ServerSockets } from '../rig/server-sockets.ts';

/** A gateway that accepts the control stream and never sends a welcome. */
export type MuteGateway = AsyncDisposable & { readonly address: HostPort; readonly greeted: number };

export async function startMuteGateway(certificate: TestCertificate): Promise<MuteGateway> {
  const sockets = new ServerSockets();
  let greeted = 0;
  const server = createSecureServer({
    cert: certificate.chain,
    key: certificate.key,
    settings: { enableConnectProtocol: true },
  });
  server.on('connection', (socket: Socket) => sockets.adopt(socket));
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream
      .on('error', () => {})
      .once('data', () => {
        greeted += 1;
      });
    stream.respond({ ':status': 200 });
  });
  const address = await listenOnLoopback(server);
  return {
    address,
    get greeted() {
      return greeted;
    },
    [Symbol.asyncDispose]: () => sockets.endWith(server),
  };
}
