import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { GatewayConfig, HostPort } from '@penstock/config-schema';
import {
  AgentRequests,
  Approvals,
  agentFacts,
  createApi,
  fleetActions,
  fleetGauges,
  type Identity,
  loadAdminCertificate,
  loadServerCertificate,
  openAgentQuestions,
  openAlerts,
  openEvents,
  openFleet,
  openIdentity,
  replaceAdminTls,
  sessionViews,
  staysOnHost,
  tellStoreProblems,
} from '@penstock/control-plane';
import { systemClock } from '@penstock/runtime';
import { openStore, requireStore } from '@penstock/store';
import { WindowBudget } from '@penstock/transport';
import { bindError, errorText, SOFTWARE_VERSION, TunnelError } from '@penstock/wire';
import { Grants } from './access/grants.ts';
import { explainConnection } from './composition/explain-connection.ts';
import { connectionViews, type FactSources, gatewayGauges, gatewayReadiness } from './composition/facts.ts';
import { identityPort } from './composition/identity-port.ts';
import { Ingresses } from './ingress/ingresses.ts';
import { ClientTls, clientTlsMaterial } from './ingress/tls/client-tls.ts';
import type { GatewayLog } from './observe/event.ts';
import { createGatewayMetrics } from './observe/metrics.ts';
import { watchDescriptors } from './observe/watch-descriptors.ts';
import { type DialPorts, dial } from './routing/dial.ts';
import { DialHistory } from './routing/dial-history.ts';
import { Ejection } from './routing/ejection.ts';
import { offerOf } from './routing/offer-of.ts';
import { PendingQueue } from './routing/pending-queue.ts';
import { RouteTable } from './routing/route-table.ts';
import { Admission } from './tunnel/admission.ts';
import { openEndpoint, type TunnelTls } from './tunnel/endpoint.ts';
import { Registry } from './tunnel/registry.ts';
import type { AgentSession, SessionOptions } from './tunnel/session.ts';

export type GatewayOptions = { readonly config: GatewayConfig; readonly log: GatewayLog };

/** A running gateway. */
export type Gateway = {
  readonly tunnel: AddressInfo;
  readonly admin: AddressInfo;
  /** Where clients of a connection go. */
  ingressOf(connection: string): readonly AddressInfo[];
  /** Puts a configuration in force by difference; live connections stay. */
  apply(config: GatewayConfig): Promise<void>;
  /** Takes no new clients, asks agents to connect elsewhere, waits for clients until the drain deadline, and ends. */
  drain(): Promise<void>;
  /** Ends at once. */
  stop(): Promise<void>;
};

/**
 * Starts a gateway on a data directory that `init` made. Throws IdentityFileError, StoreError, and what listening on
 * a configured address throws; nothing is left open then.
 */
export async function startGateway({ config: first, log }: GatewayOptions): Promise<Gateway> {
  let config = first;
  const clock = systemClock;
  // Closed in reverse when a step of the start fails, and when the gateway stops.
  await using starting = new AsyncDisposableStack();

  starting.defer(watchDescriptors(clock, log));
  const metrics = createGatewayMetrics();
  const routes = new RouteTable(config);
  const registry = new Registry({ sessionsPerAgent: config.tunnel.sessionsPerAgent });
  const queue = new PendingQueue((pool) => routes.pool(pool)?.queue);
  const ejection = new Ejection(config.ejection, clock);
  registry.onReady(() => queue.wakeAll());
  const requests = new AgentRequests((agentId) => registry.sessionsOfAgent(agentId));
  registry.onEnded((each) => requests.sessionEnded(each));
  registry.onAgentGone((agentId) => ejection.forgetAgent(agentId));
  const history = new DialHistory();
  const dialPorts: DialPorts = {
    sessionsOf: (pool: string) => registry.sessionsOf(pool),
    queue,
    ejection,
    checkFails: (connector, agentId) => fleet.checkFails(agentId, connector),
    limits: () => config.dial,
    log,
    clock,
    onDialed: (record) => history.add(record),
  };

  // Made by init only: a gateway that began with an empty store would have forgotten whom it revoked.
  await requireStore(config.dataDirectory);
  const store = await openStore(config.dataDirectory);
  starting.defer(() => store.close());
  store.health.watch((outage) => {
    if (outage === undefined) log('store-recovered');
    else log('store-failed', { outage: outage.kind, detail: outage.detail });
  });
  const identity = await openIdentity({
    store,
    config: () => config,
    dataDirectory: config.dataDirectory,
    organization: config.organization,
    presence: (agentId) => registry.presence(agentId),
    onPruneFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  starting.defer(() => identity.stop());
  identity.revocation.onRevoked((agentId) => registry.endAgent(agentId, new TunnelError('IDENTITY_REVOKED')));

  const tls = async (from: GatewayConfig): Promise<TunnelTls> => {
    const { certificate, key } = await loadServerCertificate(from);
    return { certificate, key, agentAuthority: identity.authority.caPem };
  };
  const epoch = randomUUID();
  let presented = await tls(config);
  const fleet = await openFleet({
    store,
    registry,
    config: () => config,
    clock,
    epoch,
    certificate: () => presented.certificate,
    waiting: (pool) => queue.depth(pool),
    onRevoked: (agentId) => identity.revocation.apply(agentId),
    log,
  });
  starting.defer(() => fleet.stop());
  identity.revocation.onRevoked((agentId) => fleet.revoked(agentId));
  const session: SessionOptions = {
    self: { id: config.organization, epoch },
    clock,
    windows: new WindowBudget(config.tunnel.memoryBudget),
    ping: { interval: config.tunnel.pingInterval, timeout: config.tunnel.pingTimeout },
    helloTimeout: config.tunnel.handshakeTimeout,
    heartbeatInterval: () => config.health.heartbeatInterval,
    drainTimeout: () => config.drain.timeout,
    log,
    // Again at hello: who was revoked, or ran out, while it introduced itself is not let in.
    admit: (each) => refusalOf(each, identity) ?? registry.admit(each),
    ...fleet.sessions,
    onResult: (each, result) => requests.answered(each, result),
  };
  const endpoint = await opened('listen.tunnel', config.listen.tunnel, () =>
    openEndpoint({
      listen: config.listen.tunnel,
      tls: presented,
      organization: config.organization,
      handshakeTimeout: config.tunnel.handshakeTimeout,
      authenticationTimeout: config.tunnel.handshakeTimeout,
      controlPlane: {
        identity: identityPort(identity, fleet, log),
        agents: {
          expects: (agentId, requestId) => requests.expects(agentId, requestId),
          claim: (agentId, requestId) => requests.claim(agentId, requestId),
          answeredAtLength: (agentId, requestId, value) =>
            requests.answeredAtLength(agentId, requestId, value),
          describe: (each) => tellStoreProblems(() => agentFacts(each, { store, pins: fleet.pins }, clock)),
        },
      },
      admission: new Admission(config.tunnel, clock),
      session,
      log,
    }),
  );
  starting.defer(async () => {
    for (const each of [...registry.sessions()])
      each.end(new TunnelError('SESSION_LOST', 'The gateway stops.'));
    await endpoint.close();
  });

  const clientTls = new ClientTls(clientTlsMaterial(config, presented));
  const grants = await Grants.open({ store, hasConnection: (name) => routes.route(name) !== undefined });
  starting.defer(() => grants.close());
  const ingresses = new Ingresses({
    tls: clientTls,
    dial: async (connection, client, signal, wishes) => {
      const route = routes.route(connection);
      if (route === undefined)
        throw new TunnelError('CLIENT_DENIED', `There is no connection ${connection}.`);
      return dial(route, client, signal, dialPorts, wishes);
    },
    halfClosedTimeout: () => config.tunnel.halfClosedTimeout,
    limits: () => config.limits,
    grants,
    offerOf(connection, address) {
      const route = routes.route(connection);
      return route === undefined
        ? 'not-offered'
        : offerOf(route, address, (pool) => registry.sessionsOf(pool));
    },
    clock,
    log,
    metrics,
  });
  starting.defer(async () => {
    await ingresses.stopAccepting();
    ingresses.abortAll('DRAIN_TIMEOUT');
    await ingresses.clients.idle();
  });

  const sources: FactSources = { registry, routes, queue, ingresses, endpoint };
  let life: 'running' | 'leaving' = 'running';
  const events = openEvents(store, () => connectionViews(sources));
  fleet.onChange(({ agent: { name, pool, state, code, sentence } }) =>
    events.publish('agent', { name, pool, state, code, sentence }),
  );
  const alerts = await openAlerts({ store, clock, config: () => config, fleet, events, log });
  starting.defer(() => alerts.stop());
  const approvals = await Approvals.open({
    store,
    needs: (pool) => routes.pool(pool)?.approval ?? [],
    events,
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  const actions = fleetActions(fleet.steering, approvals, (agent) => fleet.agent(agent)?.pool);
  metrics.observe(gatewayGauges(sources));
  metrics.observeFleet(fleetGauges(fleet, alerts, () => config));
  const adminTls = loadAdminCertificate(config);
  const api = await createApi({
    tls: adminTls,
    store,
    tokens: identity.tokens,
    revocation: identity.revocation,
    fleet,
    questions: openAgentQuestions({ store, fleet, pins: fleet.pins, requests, approvals }),
    actions,
    connections: () => connectionViews(sources),
    explain: (connection) =>
      explainConnection(connection, { ...dialPorts, queue, routes, history, agents: () => fleet.agents() }),
    sessions: () => sessionViews(registry.sessions()),
    readiness: () => gatewayReadiness(sources, life, store.health.outage?.kind),
    metrics: metrics.registry,
    events,
    approvals,
    alerts,
    grants,
    report: (failure) => log('request-failed', failure),
  });
  starting.defer(() => api.close());
  await ingresses.apply(config, true);
  await opened('listen.admin', config.listen.admin, () => api.listen(config.listen.admin));
  // A TCP listener has an address with a port; only a Unix socket has a string.
  const admin = api.server.address() as AddressInfo;

  log('gateway-started', { organization: config.organization, epoch, version: SOFTWARE_VERSION });
  log('tunnel-listening', { address: endpoint.address.address, port: endpoint.address.port });
  log('admin-listening', { address: admin.address, port: admin.port });
  if (adminTls === undefined && !staysOnHost(admin.address))
    log('admin-in-clear', { address: admin.address });
  const running = starting.move();
  const stop = async () => {
    if (running.disposed) return;
    life = 'leaving';
    await running.disposeAsync();
    log('gateway-stopped');
  };
  return {
    tunnel: endpoint.address,
    admin,
    ingressOf: (connection) => ingresses.waysInto(connection).map(({ address }) => address),
    async apply(next) {
      if (life === 'leaving') return;
      // What can fail comes first, so that a configuration is in force as a whole or not at all.
      const replacement = config.tls === next.tls ? undefined : await tls(next);
      const adminCertificate = loadAdminCertificate(next);
      if (adminCertificate !== undefined) replaceAdminTls(api, adminCertificate);
      clientTls.replace(clientTlsMaterial(next, replacement ?? presented));
      if (replacement !== undefined) {
        endpoint.replaceTls(replacement);
        presented = replacement;
      }
      config = next;
      routes.apply(next);
      history.keepOnly(new Set(next.connections.map(({ name }) => name)));
      ejection.apply(next.ejection);
      await ingresses.apply(next, false);
      fleet.apply();
      queue.wakeAll();
      // Last, since receivers that are gone have to be put on record: no client waits for the store.
      await alerts.apply(next);
    },
    async drain() {
      if (life === 'leaving') return;
      life = 'leaving';
      log('gateway-draining', { clients: ingresses.clients.count });
      events.close();
      // That agents leave now is no news. New clients are turned away without waiting for what the store has to say.
      const silenced = alerts.stop();
      await ingresses.stopAccepting();
      endpoint.stopAccepting();
      const sendAway = (each: AgentSession) => each.askToReconnect('the gateway drains');
      for (const each of registry.sessions()) sendAway(each);
      // One that was still introducing itself comes too late for that, and is told the same.
      registry.onReady(sendAway);
      await settledWithin(ingresses.clients.idle(), config.drain.timeout);
      await silenced;
      await stop();
    },
    stop,
  };
}

function refusalOf({ identity }: AgentSession, { revocation }: Identity): TunnelError | undefined {
  if (revocation.isRevoked(identity)) return new TunnelError('IDENTITY_REVOKED');
  return identity.notAfter < Date.now() ? new TunnelError('IDENTITY_EXPIRED') : undefined;
}

async function opened<Listener>(
  field: string,
  address: HostPort,
  open: () => Promise<Listener>,
): Promise<Listener> {
  try {
    return await open();
  } catch (error) {
    throw bindError(field, address, error);
  }
}

async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
