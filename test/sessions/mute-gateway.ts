import { once } from 'node:events';
import { createSecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from '../rig/certificates.ts';

/** A gateway that answers the control stream and then says nothing: no welcome ever comes. */
export type MuteGateway = AsyncDisposable & { readonly address: HostPort; readonly greeted: number };

export async function startMuteGateway(certificate: TestCertificate): Promise<MuteGateway> {
  const sessions = new Set<Http2Session>();
  let greeted = 0;
  const server = createSecureServer({
    cert: certificate.chain,
    key: certificate.key,
    settings: { enableConnectProtocol: true },
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {}).once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream
      .on('error', () => {})
      .once('data', () => {
        greeted += 1;
      });
    stream.respond({ ':status': 200 });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('It listens on no TCP port.');
  return {
    address: { host: '127.0.0.1', port: bound.port },
    get greeted() {
      return greeted;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
