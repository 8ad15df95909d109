import { type ClientHttp2Session, connect } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { CONNECTION_WINDOW, INITIAL_STREAM_WINDOW } from '@penstock/transport';
import { limits } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** Mebibytes of HTTP/2 state one session may hold; Node's own 10 would refuse streams under load. */
const MAX_SESSION_MEMORY = 1024;
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
    maxSessionMemory: MAX_SESSION_MEMORY,
    maxHeaderListPairs: limits.headerPairs,
    maxSettings: limits.settingsEntries,
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
