import { type Clock, pause } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';
import type { Ingresses } from '../ingress/ingresses.ts';
import type { Endpoint } from '../tunnel/endpoint.ts';
import type { Registry } from '../tunnel/registry.ts';
import type { RegisteredSession } from '../tunnel/session-registry.ts';
import type { AdminApi } from './admin-api.ts';

/** Milliseconds. */
export type DrainTimes = {
  /** The ports stay open for this time, until load balancers have noticed that the gateway is not ready. */
  readonly settle: number;
  /** Within which agents are asked to connect to another replica. */
  readonly spread: number;
  /** For clients, once the ports are closed. */
  readonly timeout: number;
};

export type DrainedParts = {
  readonly registry: Pick<Registry, 'localSessions' | 'onReady' | 'refuseNew'>;
  readonly endpoint: Pick<Endpoint, 'stopAccepting'>;
  readonly ingresses: Pick<Ingresses, 'stopAccepting' | 'clients'>;
  readonly admin: Pick<AdminApi, 'events' | 'alerts'>;
  /** What passes through here to and from the clients of other replicas. */
  readonly relayed: { idle(): Promise<void> } | undefined;
  readonly times: DrainTimes;
  readonly clock: Clock;
};

/** A small fleet is not spread over the whole time: agents are asked at least this often. */
const MAX_GAP_MS = 50;

const REASON = 'the gateway drains';

/**
 * Sends the agents away while clients still come in, then accepts nothing new and waits for clients until the timeout. The gateway
 * is not ready from the start, so a load balancer sends less and less.
 */
export async function drainClients(parts: DrainedParts): Promise<void> {
  const { registry, endpoint, ingresses, admin, relayed, times, clock } = parts;
  admin.events.close();
  // Agents disconnect because of the drain, which must not fire alerts. New clients are refused without waiting for
  // the store.
  const silenced = admin.alerts.stop();
  if (times.settle > 0) {
    registry.refuseNew(
      new TunnelError('SESSION_LOST', 'This gateway drains. Connect again to reach another replica.'),
    );
    await Promise.all([pause(clock, times.settle, never), sendAway(parts)]);
  }
  await ingresses.stopAccepting();
  endpoint.stopAccepting();
  const ask = (session: RegisteredSession) => session.askToReconnect(REASON);
  for (const session of registry.localSessions) ask(session);
  // A session that is still in its handshake is asked once it is ready.
  registry.onReady(ask);
  await settledWithin(Promise.all([ingresses.clients.idle(), relayed?.idle()]), times.timeout);
  await silenced;
}

/** Asks one agent after the other, with all its sessions, to connect again. */
async function sendAway({ registry, times: { spread }, clock }: DrainedParts): Promise<void> {
  const agents = [...Map.groupBy(registry.localSessions, ({ identity }) => identity.agentId).values()];
  const gap = Math.min(MAX_GAP_MS, spread / Math.max(1, agents.length));
  for (const [index, sessions] of agents.entries()) {
    if (index > 0) await pause(clock, gap, never);
    for (const session of sessions) session.askToReconnect(REASON);
  }
}

const never = new AbortController().signal;

async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
