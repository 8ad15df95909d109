import type { Ingresses } from '../ingress/ingresses.ts';
import type { GatewayGauges } from '../observe/metrics.ts';
import type { Endpoint } from '../tunnel/endpoint.ts';
import type { DataPlane } from './data-plane.ts';

export type GaugeSources = {
  readonly dataPlane: Pick<DataPlane, 'registry' | 'routes' | 'queue'>;
  readonly endpoint: Pick<Endpoint, 'connections' | 'refused'>;
  readonly ingresses: Pick<Ingresses, 'clients'>;
};

/** The gauges of the data plane. Metrics read them at each scrape. */
export function gatewayGauges({ dataPlane, endpoint, ingresses }: GaugeSources): GatewayGauges {
  const { registry, routes, queue } = dataPlane;
  return {
    *pools() {
      for (const { name } of routes.pools) {
        const sessions = [...registry.sessionsOf(name)].filter(({ state }) => state === 'ready');
        const agents = new Set(sessions.map((each) => each.identity.agentId)).size;
        yield { pool: name, agents, sessions: sessions.length, waiting: queue.depth(name) };
      }
    },
    streams() {
      let open = 0;
      let opening = 0;
      for (const { streams } of registry.sessions()) {
        open += streams.open;
        opening += streams.opening;
      }
      return { open, opening };
    },
    *clients() {
      for (const { name } of routes.routes) yield { connection: name, open: ingresses.clients.of(name) };
    },
    tunnelConnections: () => endpoint.connections,
    tunnelRefused: () => endpoint.refused,
  };
}
