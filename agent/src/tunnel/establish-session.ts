import type { TLSSocket } from 'node:tls';
import { type AgentMessageOf, type GatewayMessageOf, TunnelError } from '@penstock/wire';
import { ControlStream } from './control-stream.ts';
import { openHttp2Session } from './http2-session.ts';
import { GatewaySession, type SessionOptions } from './session.ts';
import { SessionRefused } from './session-refused.ts';

export type EstablishOptions = SessionOptions & {
  readonly url: string;
  /** Read when it is sent, because the configuration can change while the connection is made. */
  readonly hello: () => AgentMessageOf<'hello'>;
};

export type Established = {
  readonly session: GatewaySession;
  readonly welcome: GatewayMessageOf<'welcome'>;
};

const WELCOME_TIMEOUT_MS = 10_000;

/**
 * Makes a session on a connected socket. Resolves when the gateway has welcomed it. Throws ProblemError, SessionRefused,
 * TunnelError or GatewayError and destroys the socket. The caller destroys the socket to give up.
 */
export async function establishSession(socket: TLSSocket, options: EstablishOptions): Promise<Established> {
  const http = await openHttp2Session(socket, options.url);
  const welcomed = Promise.withResolvers<Established>();
  const failed = Promise.withResolvers<never>();
  const lost = (detail: string) => () => failed.reject(new TunnelError('SESSION_LOST', detail));
  const timer = setTimeout(lost('The gateway did not send a welcome in time.'), WELCOME_TIMEOUT_MS);
  const onSocketClose = lost('The connection to the gateway was lost.');
  const onHttpClose = lost('The gateway closed the session.');
  socket.once('close', onSocketClose);
  http.once('close', onHttpClose);
  try {
    const control = await Promise.race([ControlStream.open(http), failed.promise]);
    let session: GatewaySession | undefined;
    control.listen({
      onMessage(message) {
        if (session !== undefined) session.receive(message);
        else if (message.type === 'refused') failed.reject(new SessionRefused(message));
        else if (message.type === 'welcome') {
          session = new GatewaySession({ socket, http, control }, options, message);
          welcomed.resolve({ session, welcome: message });
          session.receive(message);
        }
      },
      onEnd: (error) => (session === undefined ? failed.reject(error) : session.end(error)),
    });
    control.send(options.hello());
    return await Promise.race([welcomed.promise, failed.promise]);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    socket.off('close', onSocketClose);
    http.off('close', onHttpClose);
  }
}
