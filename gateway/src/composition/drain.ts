import type { Ingresses } from '../ingress/ingresses.ts';
import type { Endpoint } from '../tunnel/endpoint.ts';
import type { Registry } from '../tunnel/registry.ts';
import type { RegisteredSession } from '../tunnel/session-registry.ts';
import type { AdminApi } from './admin-api.ts';

export type DrainedParts = {
  readonly registry: Pick<Registry, 'localSessions' | 'onReady'>;
  readonly endpoint: Pick<Endpoint, 'stopAccepting'>;
  readonly ingresses: Pick<Ingresses, 'stopAccepting' | 'clients'>;
  readonly admin: Pick<AdminApi, 'events' | 'alerts'>;
  /** What passes through here to and from the clients of other replicas. */
  readonly relayed: { idle(): Promise<void> } | undefined;
  /** Milliseconds. */
  readonly timeout: number;
};

/** Accepts nothing new, asks agents to reconnect elsewhere, and waits for clients until the timeout. */
export async function drainClients({
  registry,
  endpoint,
  ingresses,
  admin,
  relayed,
  timeout,
}: DrainedParts): Promise<void> {
  admin.events.close();
  // Agents disconnect because of the drain, which must not fire alerts. New clients are refused without waiting for
  // the store.
  const silenced = admin.alerts.stop();
  await ingresses.stopAccepting();
  endpoint.stopAccepting();
  const sendAway = (session: RegisteredSession) => session.askToReconnect('the gateway drains');
  for (const session of registry.localSessions) sendAway(session);
  // A session that is still in its handshake is asked once it is ready.
  registry.onReady(sendAway);
  await settledWithin(Promise.all([ingresses.clients.idle(), relayed?.idle()]), timeout);
  await silenced;
}

async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
