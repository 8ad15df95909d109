import type { TunnelError } from '@penstock/wire';
import { clientError, deniedError } from '../client-errors/client-error.ts';
import { ClientReader } from '../client-reader.ts';
import type { HandshakingClient } from '../pending-handshakes.ts';
import { bindingOfStartup } from '../postgresql/connection-option.ts';
import { errorResponse } from '../postgresql/error-response.ts';
import { readFirstMessage } from '../postgresql/first-message.ts';
import { trackClient } from '../postgresql/track-client.ts';
import { Refusal } from '../refusal.ts';
import type { RoutedClient } from '../routed-client.ts';
import { type TerminatedClient, terminateTls } from '../tls/terminate-tls.ts';
import { forwardCancelRequest } from './forward-cancel-request.ts';
import { checkSource, type SniBinding, type SniHello, type SniPort } from './sni-port.ts';

/** ALPN protocols offered inside terminated TLS. HTTP/2 is missing: the agent's own TLS would have to negotiate it. */
const PROTOCOLS = ['postgresql', 'tds/8.0', 'http/1.1'];

/**
 * Terminates the TLS of a client and serves it. `named` is the binding with its server name; a PostgreSQL client may
 * select another one in its options. Throws TunnelError if the TLS handshake fails.
 */
export async function terminate(
  client: HandshakingClient,
  { hello, bytes, negotiation }: SniHello,
  named: SniBinding | undefined,
  port: SniPort,
): Promise<void> {
  const protocols = PROTOCOLS.filter((each) => hello.protocols.includes(each)).slice(0, 1);
  const { services, lingering } = port;
  const terminated = await terminateTls(
    client.socket,
    { received: bytes, protocols },
    services.tls,
    client.signal,
  );
  try {
    if (negotiation !== 'tls') await startPostgresql(client, terminated, named, hello.serverName, port);
    else if (named !== undefined) serve(client, terminated, named, hello.serverName, undefined, port);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    services.denied(client.source, error, error.connection);
    const reset = () => terminated.transport.reset();
    if (error.reply === undefined) reset();
    else lingering.end(terminated.tls, error.reply, reset);
  }
}

async function startPostgresql(
  client: HandshakingClient,
  terminated: TerminatedClient,
  named: SniBinding | undefined,
  serverName: string | undefined,
  port: SniPort,
): Promise<void> {
  const { tls, transport } = terminated;
  const message = await readFirstMessage(new ClientReader(tls, client.signal));
  if (message.is === 'cancel-request') {
    const ends = { socket: tls, reset: () => transport.reset() };
    await forwardCancelRequest(client, message.bytes, ends, port);
    return;
  }
  const binding = bindingOfStartup(port.bindings(), named, message.connection, serverName);
  checkSource(binding, client, errorResponse(deniedError('CLIENT_DENIED')));
  serve(client, terminated, binding, serverName, message.bytes, port);
}

/**
 * `startup`: a PostgreSQL client's StartupMessage, with which the gateway starts the session. Undefined in any other
 * protocol: the client itself sends everything.
 */
function serve(
  { source }: HandshakingClient,
  { tls, transport, subject }: TerminatedClient,
  { connection: { name: connection, clientErrors } }: SniBinding,
  host: string | undefined,
  startup: Buffer | undefined,
  { services, lingering, cancelRequests }: SniPort,
): void {
  const dialOptions = { secure: true, clientSpeaksFirst: true };
  const reset = () => transport.reset();
  const report = ({ code }: TunnelError) => {
    const error = clientError(code, connection);
    if (clientErrors === 'reset' || code === 'CLIENT_GONE') reset();
    else if (startup !== undefined) lingering.end(tls, errorResponse(error), reset);
    else
      services.errorReports.report(
        { socket: tls, source, isEncrypted: true, reset },
        services.kindOf(connection),
        error,
      );
  };
  const client: RoutedClient = {
    socket: tls,
    source,
    identity: { host, subject },
    dialOptions,
    reset,
    isTruncated: () => transport.isTruncated,
    refuse: report,
    ...(startup !== undefined && {
      prepare: async (target) => target.send(startup),
      onJoined: trackClient(cancelRequests, { socket: tls, source, dialOptions }, connection),
    }),
  };
  try {
    services.serve(connection, client);
  } catch (error) {
    const problem = error as TunnelError;
    services.denied(source, problem, connection);
    report(problem);
  }
}
