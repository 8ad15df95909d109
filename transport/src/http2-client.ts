import { type ClientHttp2Session, connect } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { TunnelError } from '@penstock/wire';
import { CONNECTION_WINDOW, INITIAL_STREAM_WINDOW } from './receive-window.ts';
import { tunnelHttp2Options } from './tunnel-settings.ts';

const SETTINGS_TIMEOUT_MS = 10_000;

/**
 * Starts HTTP/2 as a client on a connected socket. Resolves when the peer has announced support for extended CONNECT
 * (RFC 8441 section 3). Rejects with TunnelError PROTOCOL_ERROR, and destroys the socket. The caller keeps the socket and
 * destroys it to close the session reliably: a session with a full send queue may never close on its own.
 */
export async function openHttp2Client(socket: TLSSocket, url: string): Promise<ClientHttp2Session> {
  const session = connect(url, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: INITIAL_STREAM_WINDOW },
    ...tunnelHttp2Options,
    maxReservedRemoteStreams: 0,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (detail: string) => reject(new TunnelError('PROTOCOL_ERROR', detail));
  const timer = setTimeout(() => fail('It sent no HTTP/2 settings in time.'), SETTINGS_TIMEOUT_MS);
  session.on('error', () => {});
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
  session.once('close', () => fail('It closed the connection before its HTTP/2 settings.'));
  session.once('remoteSettings', (settings) => {
    if (settings.enableConnectProtocol) resolve();
    else fail('It does not offer extended CONNECT.');
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
