import { notAllowed } from '../../access/allow-list.ts';
import type { IngressServices } from '../ingress-handler.ts';
import type { LingeringSockets } from '../lingering-sockets.ts';
import type { IngressBinding } from '../listener-config.ts';
import type { HandshakingClient } from '../pending-handshakes.ts';
import type { CancelRequests } from '../postgresql/cancel-requests.ts';
import { Refusal } from '../refusal.ts';
import type { PreambleStep } from './preamble.ts';

export type SniBinding = IngressBinding<'sni'>;
export type SniHello = Extract<PreambleStep, { is: 'hello' }>;

/** What the clients of one SNI port share. */
export type SniPort = {
  readonly services: IngressServices;
  readonly bindings: () => readonly SniBinding[];
  readonly cancelRequests: CancelRequests;
  readonly lingering: LingeringSockets;
};

/** Throws Refusal with `reply` if the allow list of the binding does not have the client's address. */
export function checkSource(
  { allowList, connection }: SniBinding,
  { source }: HandshakingClient,
  reply: Buffer,
): void {
  if (allowList.admits(source.address)) return;
  const { code, message } = notAllowed(source.address);
  const answer = connection.clientErrors === 'reset' ? undefined : reply;
  throw new Refusal(code, message, answer, connection.name, 'source-not-allowed');
}
