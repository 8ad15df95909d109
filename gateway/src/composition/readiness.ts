import type { Readiness } from '@penstock/control-plane';
import { type StoreOutage, storeOutages } from '@penstock/store';
import type { Ingresses } from '../ingress/ingresses.ts';
import { isServiceable } from '../routing/serviceable.ts';
import type { DataPlane } from './data-plane.ts';

export type ReadinessSources = {
  readonly dataPlane: Pick<DataPlane, 'registry' | 'routes'>;
  readonly ingresses: Pick<Ingresses, 'failures'>;
  readonly life: 'running' | 'draining' | 'stopped';
  readonly outage: StoreOutage | undefined;
  /** Milliseconds since the store was read. */
  readonly age: number;
};

/** Whether a client that connects now would be served. Agents are admitted regardless. */
export function gatewayReadiness({ dataPlane, ingresses, life, outage, age }: ReadinessSources): Readiness {
  const { routes, registry } = dataPlane;
  const reasons: string[] = [];
  if (life !== 'running') reasons.push('The gateway is draining.');
  reasons.push(...ingresses.failures.values());
  const all = [...routes.routes];
  if (all.length > 0 && !all.some((route) => isServiceable(route, (pool) => registry.sessionsOf(pool)))) {
    reasons.push('No connection has an agent that can serve it.');
  }
  const ready = reasons.length === 0;
  // Clients are served without the store: a load balancer should keep sending them.
  if (outage !== undefined) {
    reasons.push(
      `The control plane's store is unavailable: ${storeOutages[outage]}. Clients are still served, by what was ` +
        `read ${Math.round(age / 1000)} s ago.`,
    );
  }
  return { ready, reasons };
}
