import { TunnelError } from '@penstock/wire';
import { chooseConnection } from '../forward-proxy/choose-connection.ts';
import { serveChosen } from '../forward-proxy/serve-chosen.ts';
import type { IngressBinding, IngressServices } from '../ingress-handler.ts';
import type { RoutedClient } from '../routed-client.ts';
import { type Answer, answerOf, askForGrant } from './answer.ts';
import { readAuthority, readCredentials } from './request-head.ts';

export type ConnectRequest = {
  readonly authority: string;
  readonly authorization: string | undefined;
  /** The client, to be joined with its target. */
  readonly routed: RoutedClient;
  /** Tells the client why it gets no tunnel. */
  readonly answer: (answer: Answer) => void;
};

/**
 * Serves one CONNECT, or answers why not. Comes back when the client is served or answered. Throws what `signal` is
 * aborted with; the client is then left to the caller.
 */
export async function serveConnect(
  { authority, authorization, routed, answer }: ConnectRequest,
  bindings: readonly IngressBinding<'httpConnect'>[],
  services: IngressServices,
  signal: AbortSignal,
): Promise<void> {
  const { source } = routed;
  const refuse = (error: TunnelError, connection?: string) => {
    services.denied(source, error, connection);
    answer(answerOf(error.code));
  };
  const target = readAuthority(authority);
  if (target === undefined) {
    refuse(new TunnelError('PROTOCOL_ERROR', 'The client asked for something that is no host:port.'));
    return;
  }
  const credentials = readCredentials(authorization);
  const choice = chooseConnection({ ...target, credentials }, source, bindings, services);
  if (choice.outcome === 'credentials') {
    // Who shows nothing yet is asked at once: clients often begin like that.
    if (authorization !== undefined) {
      await services.failures.failed(source.address, signal);
      services.denied(source, choice.error);
    }
    answer(askForGrant());
    return;
  }
  if (choice.outcome !== 'chosen') {
    if (choice.showedGrant) await services.failures.failed(source.address, signal);
    refuse(choice.error);
    return;
  }
  try {
    serveChosen(choice, routed, services);
  } catch (error) {
    refuse(error as TunnelError, choice.connection);
  }
}
