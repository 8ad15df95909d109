import { type ClientHttp2Session, connect } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { CONNECTION_WINDOW, INITIAL_STREAM_WINDOW, tunnelHttp2Options } from '@penstock/transport';
import { GatewayError } from './gateway-error.ts';

const SETTINGS_TIMEOUT = 10_000;

/**
 * Speaks HTTP/2 on a connected socket. Comes back when the gateway has said that it takes extended CONNECT
 * (RFC 8441 section 3). Throws GatewayError. The caller keeps the socket and destroys it to be sure of the end:
 * a session with a full send queue may never close by itself.
 */
export async function openTunnelSession(socket: TLSSocket, url: string): Promise<ClientHttp2Session> {
  const session = connect(url, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: INITIAL_STREAM_WINDOW },
    ...tunnelHttp2Options,
    maxReservedRemoteStreams: 0,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (detail: string) => reject(new GatewayError('GATEWAY_PROTOCOL', detail));
  const timer = setTimeout(() => fail('It sent no HTTP/2 settings in time.'), SETTINGS_TIMEOUT);
  session.on('error', () => {});
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
  session.once('close', () => fail('It closed the connection before its HTTP/2 settings.'));
  session.once('remoteSettings', (settings) => {
    if (settings.enableConnectProtocol) resolve();
    else fail('It does not offer extended CONNECT: is gateway.url really a Penstock gateway?');
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
