import { TunnelError } from '@penstock/wire';
import type { Arrival } from '../arrival.ts';
import { chooseConnection } from '../choose-connection.ts';
import { serveChosen } from '../serve-chosen.ts';
import type { Way, WayInPorts } from '../way-in.ts';
import { type Answer, answerOf, askForGrant } from './answer.ts';
import { readAuthority, readCredentials } from './request-head.ts';

export type ConnectRequest = {
  readonly authority: string;
  readonly authorization: string | undefined;
  /** The client, to be joined with its target. */
  readonly arrival: Arrival;
  /** Tells the client why it gets no tunnel. */
  readonly answer: (answer: Answer) => void;
};

/**
 * Serves one CONNECT, or answers why not. Comes back when the client is served or answered. Throws what `signal` is
 * aborted with; the client is then left to the caller.
 */
export async function serveConnect(
  { authority, authorization, arrival, answer }: ConnectRequest,
  ways: readonly Way<'httpConnect'>[],
  ports: WayInPorts,
  signal: AbortSignal,
): Promise<void> {
  const { source } = arrival;
  const refuse = (error: TunnelError, connection?: string) => {
    ports.denied(source, error, connection);
    answer(answerOf(error.code));
  };
  const target = readAuthority(authority);
  if (target === undefined) {
    refuse(new TunnelError('PROTOCOL_ERROR', 'The client asked for something that is no host:port.'));
    return;
  }
  const credentials = readCredentials(authorization);
  const choice = chooseConnection({ ...target, credentials }, source, ways, ports);
  if (choice.outcome === 'credentials') {
    // Who shows nothing yet is asked at once: clients often begin like that.
    if (authorization !== undefined) {
      await ports.failures.failed(source.address, signal);
      ports.denied(source, choice.error);
    }
    answer(askForGrant());
    return;
  }
  if (choice.outcome !== 'chosen') {
    if (choice.showedGrant) await ports.failures.failed(source.address, signal);
    refuse(choice.error);
    return;
  }
  try {
    serveChosen(choice, arrival, ports);
  } catch (error) {
    refuse(error as TunnelError, choice.connection);
  }
}
