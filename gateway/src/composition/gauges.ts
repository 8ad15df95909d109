import { oncePerTurn } from '@penstock/runtime';
import type { Ingresses } from '../ingress/ingresses.ts';
import type { GatewayGauges } from '../observe/metrics.ts';
import type { Endpoint } from '../tunnel/endpoint.ts';
import type { AgentSession } from '../tunnel/session.ts';
import type { Cluster } from './cluster.ts';
import type { DataPlane } from './data-plane.ts';

export type GaugeSources = {
  readonly dataPlane: Pick<DataPlane, 'registry' | 'routes' | 'queue' | 'denials'>;
  readonly endpoint: Pick<Endpoint, 'connections' | 'refused'>;
  readonly ingresses: Pick<Ingresses, 'clients'>;
  readonly cluster: Pick<Cluster, 'replicas' | 'sentAway'> | undefined;
};

/** Ready sessions and the agents that have one, by pool, and the streams of all sessions. */
type SessionCounts = {
  readonly pools: ReadonlyMap<string, { sessions: number; readonly agents: Set<string> }>;
  readonly streams: { readonly open: number; readonly opening: number };
};

/** The gauges of the data plane. Metrics read them at each scrape. */
export function gatewayGauges({ dataPlane, endpoint, ingresses, cluster }: GaugeSources): GatewayGauges {
  const { registry, routes, queue, denials } = dataPlane;
  // Several metrics read the same counts in one turn; walking thousands of sessions for each would delay the data path.
  const counts = oncePerTurn(() => countSessions(registry.sessions()));
  const replicas = oncePerTurn(() => cluster?.replicas ?? []);
  return {
    *pools() {
      const { pools } = counts();
      for (const { name } of routes.pools) {
        const { sessions = 0, agents } = pools.get(name) ?? {};
        yield { pool: name, agents: agents?.size ?? 0, sessions, waiting: queue.depth(name) };
      }
    },
    streams: () => counts().streams,
    *clients() {
      for (const { name } of routes.routes) yield { connection: name, ...ingresses.clients.trafficOf(name) };
    },
    denied: () => denials.counts(),
    replicas: () => replicas(),
    sentAway: () => cluster?.sentAway ?? 0,
    tunnelConnections: () => endpoint.connections,
    tunnelRefused: () => endpoint.refused,
  };
}

function countSessions(
  sessions: Iterable<Pick<AgentSession, 'identity' | 'state' | 'streams'>>,
): SessionCounts {
  const pools = new Map<string, { sessions: number; readonly agents: Set<string> }>();
  const total = { open: 0, opening: 0 };
  for (const { identity, state, streams } of sessions) {
    total.open += streams.open;
    total.opening += streams.opening;
    if (state !== 'ready') continue;
    const counted = pools.get(identity.pool) ?? { sessions: 0, agents: new Set<string>() };
    pools.set(identity.pool, counted);
    counted.sessions += 1;
    counted.agents.add(identity.agentId);
  }
  return { pools, streams: total };
}
