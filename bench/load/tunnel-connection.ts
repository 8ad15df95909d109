import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { TLS_CIPHER } from '../routes/cipher.ts';
import type { Address } from './dial.ts';

export type Gateway = { readonly address: Address; readonly pin: string };

/** Connects to the gateway's tunnel port with HTTP/2, as an agent does. The caller destroys the socket. */
export async function connectTunnel(
  { address, pin }: Gateway,
  identity: { readonly key: string; readonly certificate: string } | undefined,
): Promise<{ socket: TLSSocket; session: ClientHttp2Session }> {
  const socket = connectTls({
    ...address,
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.3',
    ciphers: TLS_CIPHER,
    // The certificate is self-signed; the pin is checked below.
    rejectUnauthorized: false,
    ...(identity && { key: identity.key, cert: identity.certificate }),
  });
  await once(socket, 'secureConnect');
  const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  if (spki === undefined || `sha256/${createHash('sha256').update(spki).digest('base64')}` !== pin) {
    socket.destroy();
    throw new Error('The gateway does not have the pinned key.');
  }
  const session = connectHttp2(`https://${address.host}:${address.port}`, { createConnection: () => socket });
  session.on('error', () => socket.destroy());
  await once(session, 'remoteSettings');
  return { socket, session };
}
