import { type ClientHttp2Session, connect } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { CONNECTION_WINDOW, INITIAL_STREAM_WINDOW, tunnelHttp2Options } from '@penstock/transport';
import { GatewayError } from './gateway-error.ts';

const SETTINGS_TIMEOUT_MS = 10_000;

/**
 * Starts HTTP/2 on a connected socket. Resolves when the gateway has announced support for extended CONNECT (RFC 8441
 * section 3). Throws GatewayError and destroys the socket. The caller keeps the socket and destroys it to close the
 * session reliably: a session with a full send queue may never close on its own.
 */
export async function openHttp2Session(socket: TLSSocket, url: string): Promise<ClientHttp2Session> {
  const session = connect(url, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: INITIAL_STREAM_WINDOW },
    ...tunnelHttp2Options,
    maxReservedRemoteStreams: 0,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (detail: string) => reject(new GatewayError('GATEWAY_PROTOCOL', detail));
  const timer = setTimeout(() => fail('It sent no HTTP/2 settings in time.'), SETTINGS_TIMEOUT_MS);
  session.on('error', () => {});
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
  session.once('close', () => fail('It closed the connection before its HTTP/2 settings.'));
  session.once('remoteSettings', (settings) => {
    if (settings.enableConnectProtocol) resolve();
    else fail('It does not offer extended CONNECT. Check that gateway.url names a Penstock gateway.');
  });
  try {
    await promise;
    return session;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
