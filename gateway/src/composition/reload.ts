import { isDeepStrictEqual } from 'node:util';
import type { GatewayConfig } from '@penstock/config-schema';
import { replaceAdminTls } from '@penstock/control-plane';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { Endpoint } from '../tunnel/endpoint.ts';
import type { AdminApi } from './admin-api.ts';
import { type Certificates, reloadCertificates } from './certificates.ts';
import type { ClientIngresses } from './client-ingresses.ts';
import type { ControlPlane } from './control-plane.ts';
import type { DataPlane } from './data-plane.ts';

/** The state that a reload replaces. Stages read it at each use. */
export type InForce = { config: GatewayConfig; certificates: Certificates };

/** One change of a reload. Everything that can fail has been done: `commit` does not throw. */
export type Change = { readonly to: string; commit(): void | Promise<void> };

export type ReloadedParts = {
  readonly inForce: InForce;
  readonly dataPlane: Pick<DataPlane, 'routes' | 'history' | 'outcomes' | 'ejection' | 'queue'>;
  readonly controlPlane: Pick<ControlPlane, 'fleet' | 'identity'>;
  readonly endpoint: Pick<Endpoint, 'replaceTls'>;
  readonly clients: Pick<ClientIngresses, 'ingressTls' | 'ingresses'>;
  readonly admin: Pick<AdminApi, 'api' | 'alerts'>;
  readonly metrics: Pick<GatewayMetrics, 'keepOnly'>;
};

/**
 * The changes that put `next` in force, in the order to commit them. Reads and checks everything `next` refers to, and
 * changes nothing itself. Throws when a certificate cannot be used.
 */
export async function changesFor(next: GatewayConfig, parts: ReloadedParts): Promise<readonly Change[]> {
  const { inForce, dataPlane, controlPlane, clients, admin, metrics } = parts;
  const certificates = await reloadCertificates(inForce, next);
  return [
    ...certificateChanges(certificates, parts),
    { to: 'what is in force', commit: () => void Object.assign(inForce, { config: next, certificates }) },
    { to: 'routes', commit: () => dataPlane.routes.apply(next) },
    {
      to: 'dial history',
      commit: () => dataPlane.history.keepOnly(new Set(next.connections.map(({ name }) => name))),
    },
    {
      to: 'open outcomes',
      commit: () =>
        dataPlane.outcomes.apply(
          new Set(next.connections.map(({ name }) => name)),
          next.health.failingOpensWindow,
        ),
    },
    {
      to: 'metrics',
      commit: () => metrics.keepOnly(new Set(next.connections.map(({ name }) => name))),
    },
    { to: 'ejection', commit: () => dataPlane.ejection.apply(next.ejection) },
    // An ingress that cannot listen is logged and retried: another process may be using the port temporarily.
    { to: 'ingresses', commit: () => clients.ingresses.apply(next, false) },
    { to: 'fleet', commit: () => controlPlane.fleet.apply() },
    { to: 'waiting clients', commit: () => dataPlane.queue.wakeAll() },
    // Last, because it writes to the store, and clients must not wait for the store.
    { to: 'alerts', commit: () => admin.alerts.apply(next) },
  ];
}

/** One change for each listener that must present a different certificate. */
function certificateChanges(
  { admins, clients, agents }: Certificates,
  {
    inForce: { certificates: current },
    controlPlane,
    endpoint,
    clients: { ingressTls },
    admin,
  }: ReloadedParts,
): Change[] {
  const changes: Change[] = [];
  // Enabling or disabling TLS requires a restart.
  if (admins !== undefined && !isDeepStrictEqual(admins, current.admins)) {
    changes.push({ to: 'admin certificate', commit: () => replaceAdminTls(admin.api, admins) });
  }
  if (!isDeepStrictEqual(clients, current.clients)) {
    changes.push({ to: 'client certificate', commit: () => ingressTls.replace(clients) });
  }
  if (!isDeepStrictEqual(agents, current.agents)) {
    const agentAuthority = controlPlane.identity.authority.caPem;
    changes.push({
      to: 'agent certificate',
      commit: () => endpoint.replaceTls({ ...agents, agentAuthority }),
    });
  }
  return changes;
}
