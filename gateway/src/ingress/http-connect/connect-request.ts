import { TunnelError } from '@penstock/wire';
import { chooseConnection } from '../forward-proxy/choose-connection.ts';
import { serveChosen } from '../forward-proxy/serve-chosen.ts';
import type { IngressServices } from '../ingress-handler.ts';
import type { IngressBinding } from '../listener-config.ts';
import type { RoutedClient } from '../routed-client.ts';
import { credentialsRequired, type ErrorResponse, errorResponseOf } from './error-response.ts';
import { parseAuthority, parseCredentials } from './request-head.ts';

export type ConnectRequest = {
  readonly authority: string;
  readonly authorization: string | undefined;
  readonly client: RoutedClient;
  /** Responds to a request that gets no tunnel. */
  readonly respond: (response: ErrorResponse) => void;
};

/**
 * Serves a CONNECT request or responds with an error. Resolves when the client is served or has its response. Throws
 * the signal's reason if that is aborted; the client then still belongs to the caller.
 */
export async function serveConnect(
  { authority, authorization, client, respond }: ConnectRequest,
  bindings: readonly IngressBinding<'httpConnect'>[],
  services: IngressServices,
  signal: AbortSignal,
): Promise<void> {
  const { source } = client;
  const refuse = (error: TunnelError, connection?: string) => {
    services.denied(source, error, connection);
    respond(errorResponseOf(error.code));
  };
  const target = parseAuthority(authority);
  if (target === undefined) {
    refuse(new TunnelError('PROTOCOL_ERROR', 'The authority of the CONNECT request is not host:port.'));
    return;
  }
  const credentials = parseCredentials(authorization);
  const choice = chooseConnection({ ...target, credentials }, source, bindings, services);
  if (choice.outcome === 'credentials') {
    // A first request without credentials is how many clients start. It is neither a failure nor delayed.
    if (authorization === undefined) services.grantRequested(source, choice.connection);
    else {
      await services.failures.record(source.address, signal);
      services.denied(source, choice.error, choice.connection);
    }
    respond(credentialsRequired());
    return;
  }
  if (choice.outcome !== 'chosen') {
    if (choice.hadGrant) await services.failures.record(source.address, signal);
    refuse(choice.error, choice.connection);
    return;
  }
  try {
    serveChosen(choice, client, services);
  } catch (error) {
    refuse(error as TunnelError, choice.connection);
  }
}
