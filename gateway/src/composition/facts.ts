import type { ConnectionView, Readiness } from '@penstock/control-plane';
import { type StoreOutage, storeOutages } from '@penstock/store';
import type { Ingresses, OpenIngress } from '../ingress/ingresses.ts';
import type { GatewayGauges } from '../observe/metrics.ts';
import type { PendingQueue } from '../routing/pending-queue.ts';
import type { RouteTable } from '../routing/route-table.ts';
import { isServiceable } from '../routing/serviceable.ts';
import type { Endpoint } from '../tunnel/endpoint.ts';
import type { Registry } from '../tunnel/registry.ts';

/** Where the facts of the moment are found. */
export type FactSources = {
  readonly registry: Registry;
  readonly routes: RouteTable;
  readonly queue: PendingQueue;
  readonly ingresses: Ingresses;
  readonly endpoint: Pick<Endpoint, 'connections' | 'refused'>;
};

/** What the metrics read. */
export function gatewayGauges({ registry, routes, queue, ingresses, endpoint }: FactSources): GatewayGauges {
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

/** What the API shows of the connections. */
export function connectionViews({ routes, ingresses }: FactSources): ConnectionView[] {
  return [...routes.routes].map(({ name, connector, kind, pools }) => ({
    name,
    connector,
    kind,
    pools,
    ingress: ingresses.waysInto(name).map(ingressView),
    ...ingresses.clients.countsOf(name),
  }));
}

function ingressView({
  ingress,
  address: { address, port },
}: OpenIngress): ConnectionView['ingress'][number] {
  const { kind } = ingress;
  switch (kind) {
    case 'tcp':
      return { kind, address, port };
    case 'sni':
      return { kind, address, port, host: ingress.host, mode: ingress.mode };
    case 'socks5':
      return { kind, address, port, grant: ingress.grant };
    case 'httpConnect':
      return { kind, address, port, grant: ingress.grant, tls: ingress.tls };
  }
}

/** Whether a client that came now would be served. Agents are admitted whatever this says. */
export function gatewayReadiness(
  { registry, routes, ingresses }: FactSources,
  life: 'running' | 'leaving',
  outage: StoreOutage | undefined,
): Readiness {
  const reasons: string[] = [];
  if (life === 'leaving') reasons.push('The gateway drains.');
  reasons.push(...ingresses.failures.values());
  const all = [...routes.routes];
  if (all.length > 0 && !all.some((route) => isServiceable(route, (pool) => registry.sessionsOf(pool)))) {
    reasons.push('No connection has an agent that could serve it.');
  }
  const ready = reasons.length === 0;
  // Clients are served without the store, so a load balancer should go on sending them.
  if (outage !== undefined) {
    reasons.push(
      `The store of the control plane cannot be used: ${storeOutages[outage]}. Clients are served all the same.`,
    );
  }
  return { ready, reasons };
}
