import type { Socket } from 'node:net';
import { resetSocket } from '@penstock/transport';
import type { CloseCode, TunnelError } from '@penstock/wire';
import type { TargetStream } from '../../routing/session-contract.ts';
import type { HandshakingClient } from '../pending-handshakes.ts';
import { directTlsResponse, requestTls } from '../postgresql/request-tls.ts';
import { trackClient } from '../postgresql/track-client.ts';
import { Refusal } from '../refusal.ts';
import type { RoutedClient } from '../routed-client.ts';
import { type Alert, alertRecord } from '../tls/alert.ts';
import type { SniBinding, SniHello, SniPort } from './sni-port.ts';

/** Serves a client whose TLS its target terminates. Throws Refusal if the connection has reached its maxConnections. */
export function passThrough(
  { socket, source }: HandshakingClient,
  hello: SniHello,
  { connection: { name: connection, clientErrors } }: SniBinding,
  { services, lingering, cancelRequests }: SniPort,
): void {
  const timeout = services.config().limits.handshakeTimeout;
  const client: RoutedClient = {
    socket,
    source,
    identity: { host: hello.hello.serverName },
    dialOptions: { clientSpeaksFirst: true },
    prepare: (target, signal) => replay(hello, { client: socket, target, timeout }, signal),
    refuse({ code }) {
      if (clientErrors === 'reset') resetSocket(socket);
      else lingering.end(socket, alertRecord(alertOf(code)));
    },
    ...(hello.negotiation !== 'tls' && {
      onJoined: trackClient(cancelRequests, { socket, source }, connection),
    }),
  };
  try {
    services.serve(connection, client);
  } catch (error) {
    const { code, message } = error as TunnelError;
    const reply = clientErrors === 'reset' ? undefined : alertRecord('internalError');
    throw new Refusal(code, message, reply, connection);
  }
}

type ReplayEnds = {
  readonly client: Socket;
  readonly target: TargetStream;
  /** Milliseconds for each response of the target. */
  readonly timeout: number;
};

/**
 * Sends the target what the client has sent to the gateway. A PostgreSQL server is first asked for TLS, as the client
 * asked the gateway. Rejects with TunnelError TLS_FAILED if the target refuses TLS.
 */
async function replay(
  { negotiation, bytes }: SniHello,
  { client, target, timeout }: ReplayEnds,
  signal: AbortSignal,
): Promise<void> {
  if (negotiation === 'postgresql') await requestTls(target, timeout, signal);
  target.send(bytes);
  if (negotiation === 'postgresql-direct') client.write(await directTlsResponse(target, timeout, signal));
}

function alertOf(code: CloseCode): Alert {
  if (code === 'TLS_FAILED') return 'handshakeFailure';
  return code === 'CLIENT_DENIED' ? 'accessDenied' : 'internalError';
}
