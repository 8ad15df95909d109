import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { ReplicaStore } from '@penstock/cluster';
import type { GatewayConfig } from '@penstock/config-schema';
import { FleetEvents, ownClients } from '@penstock/control-plane';
import { isLoopbackHost } from '@penstock/runtime';
import { ProblemError, SOFTWARE_VERSION } from '@penstock/wire';

import { type AdminApi, openAdminApi } from './composition/admin-api.ts';
import { loadCertificates } from './composition/certificates.ts';
import { openClientIngresses } from './composition/client-ingresses.ts';
import type { Cluster } from './composition/cluster.ts';
import { startConnectionLog } from './composition/connection-log.ts';
import { openControlPlane, openControlPlaneStore, openLeadership } from './composition/control-plane.ts';
import { createDataPlane } from './composition/data-plane.ts';
import { drainClients } from './composition/drain.ts';
import type { GatewayLog } from './composition/event-catalogue.ts';
import { logFileWarnings } from './composition/file-warnings.ts';
import { gatewayGauges } from './composition/gauges.ts';
import { namingAddress } from './composition/listening.ts';
import { gatewayReadiness } from './composition/readiness.ts';
import { changesFor, type InForce } from './composition/reload.ts';
import { sharedClock } from './composition/shared-clock.ts';
import { openTunnelPort } from './composition/tunnel-port.ts';
import { createGatewayMetrics } from './observe/metrics.ts';
import { watchDescriptors } from './observe/watch-descriptors.ts';

export type GatewayOptions = {
  readonly config: GatewayConfig;
  readonly log: GatewayLog;
  /** Where the replicas of `cluster` find each other; the store by default. */
  readonly replicas?: ReplicaStore;
  /** Compiles the schemas of the API before the gateway serves anybody: half a second, which a process of tests need not spend. */
  readonly compileSchemas?: boolean;
};

/** A running gateway. */
export type Gateway = {
  readonly tunnel: AddressInfo;
  readonly admin: AddressInfo;
  /** Undefined for the only gateway on its store. */
  readonly cluster: Cluster | undefined;
  /** The addresses on which clients of a connection are accepted now. */
  ingressOf(connection: string): readonly AddressInfo[];
  /**
   * Puts a configuration in force. Open connections stay. Throws when a certificate cannot be used; nothing is changed
   * in that case.
   */
  apply(config: GatewayConfig): Promise<void>;
  /**
   * Is no longer ready, accepts clients for `drain.settle` while agents are asked to reconnect elsewhere, then waits for clients until
   * `drain.timeout`, and stops.
   */
  drain(): Promise<void>;
  /** Closes everything immediately. */
  stop(): Promise<void>;
};

/** The state of a gateway. Only `setState` in startGateway changes it. */
type GatewayState =
  | { readonly name: 'running' }
  | { readonly name: 'draining' }
  | { readonly name: 'stopped'; readonly done: Promise<void> };

/**
 * Starts a gateway on a data directory that `init` created. Throws IdentityFileError, StoreError, and the errors of
 * listening on a configured address. Nothing stays open in that case.
 */
export async function startGateway({
  config: first,
  log,
  replicas,
  compileSchemas,
}: GatewayOptions): Promise<Gateway> {
  if (first.cluster !== undefined && first.store === undefined && replicas === undefined) {
    throw new Error(
      'cluster requires store.url, the database that all replicas share. Set it, or remove cluster from a gateway that is alone.',
    );
  }
  // Each stage adds its teardown. Teardowns run in reverse order when a later stage fails and when the gateway stops.
  await using starting = new AsyncDisposableStack();
  const time = sharedClock();
  const { clock } = time;
  const epoch = randomUUID();
  let state: GatewayState = { name: 'running' };
  const setState = (next: GatewayState) => {
    state = next;
  };

  starting.defer(watchDescriptors(clock, log));
  const metrics = createGatewayMetrics();
  const dataPlane = createDataPlane(first, clock);
  const { registry, windows } = dataPlane;
  const store = await openControlPlaneStore(starting, first, log);
  const leadership = await openLeadership(starting, { store, config: first, epoch, log, time });
  const inForce: InForce = { config: first, certificates: await loadCertificates(first) };
  logFileWarnings(first, inForce.certificates, log);
  const events = new FleetEvents();
  const shared = { config: () => inForce.config, store, dataPlane, metrics, leadership, epoch, clock, log };
  let cluster: Cluster | undefined;
  // No client is accepted before this replica has joined.
  const connectionLog = startConnectionLog(starting, { ...shared, slot: () => cluster?.idSlot ?? 0 });
  const controlPlane = await openControlPlane(starting, {
    ...shared,
    certificate: () => inForce.certificates.agents.certificate,
  });
  let admin: AdminApi | undefined;
  const endpoint = await openTunnelPort(starting, {
    ...shared,
    certificate: inForce.certificates.agents,
    registry,
    windows,
    isReplicated: first.cluster !== undefined,
    replica: () => cluster?.self,
    controlPlane,
  });
  const clients = openClientIngresses(starting, {
    ...shared,
    certificate: inForce.certificates.clients,
    fleet: controlPlane.fleet,
    opens: controlPlane.opens,
    connectionLog,
  });
  const { ingresses } = clients;
  const connected = ownClients(connectionLog, (id) => ingresses.clients.abortOne(id, 'OPERATOR_CLOSED'));
  // Its code is loaded only for a gateway that has others beside it.
  cluster =
    first.cluster === undefined
      ? undefined
      : await (await import('./composition/cluster.ts')).openCluster(starting, {
          ...shared,
          store: replicas ?? store.replicas,
          fleet: controlPlane.fleet,
          requests: controlPlane.requests,
          changes: controlPlane.changes,
          ingresses,
          connectionLog,
          opens: controlPlane.opens,
          events,
          answer: (question) =>
            admin?.answer(question) ??
            Promise.reject(new ProblemError('INTERNAL', 'This replica is starting.')),
        });
  metrics.observe(gatewayGauges({ dataPlane, endpoint, ingresses, cluster }));
  admin = await openAdminApi(starting, {
    ...shared,
    certificate: inForce.certificates.admins,
    compileSchemas,
    tunnel: () => endpoint.address,
    tunnelCertificate: () => inForce.certificates.agents,
    adminCertificate: () => inForce.certificates.admins?.certificate,
    controlPlane,
    clients,
    connectionLog,
    replicas: () => cluster?.replicas ?? [],
    events,
    opensElsewhere: () => cluster?.opensElsewhere() ?? [],
    ownClients: connected,
    askReplicas: cluster?.ask,
    readiness: () =>
      gatewayReadiness({
        dataPlane,
        ingresses,
        life: state.name,
        outage: store.health.outage?.kind,
        age: controlPlane.changes.age,
      }),
  });
  await ingresses.apply(first, true);
  const { listen, organization } = first;
  await namingAddress('listen.admin', listen.admin, () => admin.api.listen(listen.admin));
  // Only the address of a Unix socket is a string.
  const adminAddress = admin.api.server.address() as AddressInfo;

  log('gateway-started', { organization, epoch, version: SOFTWARE_VERSION });
  log('tunnel-listening', { address: endpoint.address.address, port: endpoint.address.port });
  log('admin-listening', { address: adminAddress.address, port: adminAddress.port });
  if (inForce.certificates.admins === undefined && !isLoopbackHost(adminAddress.address)) {
    log('admin-plaintext', { address: adminAddress.address });
  }
  const running = starting.move();
  const stop = async () => {
    if (state.name === 'stopped') return state.done;
    const done = running.disposeAsync().then(() => log('gateway-stopped'));
    setState({ name: 'stopped', done });
    return done;
  };
  return {
    tunnel: endpoint.address,
    admin: adminAddress,
    cluster,
    ingressOf: (connection) => ingresses.ingressesOf(connection).map(({ address }) => address),
    async apply(next) {
      if (state.name !== 'running') return;
      const changes = await changesFor(next, {
        inForce,
        dataPlane,
        controlPlane,
        endpoint,
        clients,
        admin,
        metrics,
      });
      if (state.name !== 'running') return;
      for (const change of changes) await change.commit();
      await cluster?.update({ configDigest: next.replicaDigest });
    },
    async drain() {
      if (state.name !== 'running') return;
      setState({ name: 'draining' });
      // Another gateway evaluates alerts from now on.
      void leadership.resign();
      log('gateway-draining', { clients: ingresses.clients.count });
      void cluster?.update({ state: 'draining' });
      await drainClients({
        registry,
        endpoint,
        ingresses,
        admin,
        relayed: cluster,
        times: inForce.config.drain,
        clock,
      });
      await stop();
    },
    stop,
  };
}
