import { hostname } from 'node:os';
import type { GatewayConfig } from '@penstock/config-schema';
import { openConsole } from '@penstock/console';
import {
  type AgentView,
  Approvals,
  type AskReplicas,
  answerReplica,
  attentionOf,
  type ConnectedClients,
  type ConnectionLog,
  type ControlPlaneLog,
  createApi,
  explainConnection,
  type FleetEvents,
  FreshChecks,
  firstPublicHost,
  fleetActions,
  fleetGauges,
  followChannels,
  isUserOf,
  type Leadership,
  metricsSource,
  observeConnectionLog,
  observeFleet,
  openAgentRequests,
  openAlerts,
  openEvents,
  openHistory,
  openRollouts,
  publishDetailChanges,
  type Readiness,
  type ReplicaView,
  RestartPolicies,
} from '@penstock/control-plane';
import { buildFacts } from '@penstock/release';
import type { Clock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { checkRequest, errorText } from '@penstock/wire';
import { sourceAccess } from '../access/source-access.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import { type Opens, sumOfOpens } from '../relay/opens-elsewhere.ts';
import { reportRoute } from '../routing/route-report.ts';
import type { CertificateAndKey } from './certificates.ts';
import type { ClientIngresses } from './client-ingresses.ts';
import { connectionViews } from './connection-views.ts';
import type { ControlPlane } from './control-plane.ts';
import type { DataPlane } from './data-plane.ts';
import { latestRelease } from './latest-release.ts';
import { requireRelease } from './require-release.ts';

export type AdminApiOptions = {
  readonly config: () => GatewayConfig;
  readonly certificate: CertificateAndKey | undefined;
  /** PEM of the certificate in force, which a reload replaces. */
  readonly adminCertificate: () => string | undefined;
  readonly store: Store;
  /** The address for agents, and the certificate presented to them. */
  readonly tunnel: () => { readonly address: string; readonly port: number };
  readonly tunnelCertificate: () => { readonly certificate: string; readonly pins: readonly string[] };
  readonly dataPlane: DataPlane;
  readonly controlPlane: ControlPlane;
  readonly clients: ClientIngresses;
  readonly connectionLog: ConnectionLog;
  readonly metrics: GatewayMetrics;
  readonly readiness: () => Readiness;
  readonly leadership: Leadership;
  readonly epoch: string;
  readonly replicas: () => readonly ReplicaView[];
  readonly events: FleetEvents;
  /** How the opens of the clients of other replicas went. */
  readonly opensElsewhere: () => Iterable<Opens>;
  readonly ownClients: ConnectedClients;
  /** Undefined for a gateway that is alone. */
  readonly askReplicas: AskReplicas | undefined;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

export type AdminApi = {
  readonly api: Awaited<ReturnType<typeof createApi>>;
  readonly events: ReturnType<typeof openEvents>;
  readonly alerts: Awaited<ReturnType<typeof openAlerts>>;
  /** Answers a question of another replica. Rejects with ProblemError. */
  readonly answer: (question: unknown) => Promise<object>;
};

/** Milliseconds for a check and its answer to travel. */
const CHECK_TRANSIT_MS = 1_000;

/** Opens events, alerts and approvals, and creates the API over them. The caller listens. Throws StoreError. */
export async function openAdminApi(scope: AsyncDisposableStack, options: AdminApiOptions): Promise<AdminApi> {
  const startedAt = options.clock.wall();
  const { tunnel, leadership, epoch } = options;
  const { config, certificate, store, dataPlane, controlPlane, clients, metrics, clock, log } = options;
  const { registry, routes, queue, ejection, history, denials, outcomes } = dataPlane;
  const { identity, fleet, requests, grants, opens } = controlPlane;
  const connections = () => connectionViews(routes, clients.ingresses, denials, dataPlane.elsewhere);
  const events = openEvents(store, connections, options.events);
  fleet.onChange(({ agent }) => events.publish('agent', agentEvent(agent)));
  publishDetailChanges(
    events,
    (listener) => fleet.onDetail(listener),
    (name) => {
      const agent = fleet.agent(name);
      return agent && agentEvent(agent);
    },
  );
  fleet.onPinningChanged(({ pool, from, to, agents, quarantinedTotal, released }) =>
    events.publish('pinning', { pool, from, to, agents, quarantined: quarantinedTotal, released }),
  );
  identity.refusals.onRefused(({ tokenId, name, pool, address, code, detail }) =>
    events.publish('enrollment', { tokenId, name, pool, address, code, message: detail }),
  );
  // Clients of all replicas count: one of them evaluates alerts, and any may be asked what needs attention.
  const openOutcomes = () => sumOfOpens(outcomes.report(), options.opensElsewhere());
  const approvals = await Approvals.open({
    store,
    needs: (pool) => routes.pool(pool)?.requireApproval ?? [],
    agentId: (name) => fleet.agent(name)?.id,
    isOidcUser: (actor) => isUserOf(config().signIn.oidc?.issuer, actor),
    events,
    clock: clock.wall,
    epoch,
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  leadership.addDuty(() => approvals.failAbandoned());
  controlPlane.changes.on(
    'approval',
    (ids) => approvals.apply(ids),
    () => {},
  );
  const { rollouts, stop: stopRollouts } = await openRollouts({
    store,
    fleet,
    sessions: registry,
    config,
    opens,
    approvals,
    events,
    clock,
    log,
    epoch: () => leadership.epoch,
    requireRelease: requireRelease({
      dataDirectory: config().dataDirectory,
      rootKeys: buildFacts.rootKeys,
      now: clock.wall,
    }),
  });
  scope.defer(stopRollouts);
  scope.defer(
    followChannels({
      rollouts,
      fleet,
      pools: () => config().pools,
      latestRelease: latestRelease({
        dataDirectory: config().dataDirectory,
        rootKeys: buildFacts.rootKeys,
        now: clock.wall,
      }),
      isLeader: () => leadership.isLeader,
      clock,
      log,
    }),
  );
  const agentRequests = openAgentRequests({
    store,
    fleet,
    pins: fleet.pins,
    pending: requests,
    approvals,
    clock: clock.wall,
  });
  const restarts = new RestartPolicies({
    fleet,
    requests: agentRequests,
    store,
    policies: () => config().pools,
    isChanging: (pool) => rollouts.open.some(({ rollout }) => rollout.pools.includes(pool)),
    isLeader: () => leadership.isLeader,
    clock,
    log,
  });
  scope.defer(() => restarts.stop());
  const alerts = await openAlerts({
    store,
    clock,
    config,
    fleet,
    openOutcomes,
    reported: () => [...rollouts.alarms, ...restarts.alarms],
    events,
    leadership,
    changes: controlPlane.changes,
    log,
  });
  scope.defer(() => alerts.stop());
  const recorded = openHistory({ store, fleet, leadership, clock, log });
  scope.defer(() => recorded.stop());
  observeConnectionLog(metrics.registry, options.connectionLog);
  observeFleet(metrics.registry, fleetGauges(fleet, alerts, rollouts, restarts, config));
  const checks = new FreshChecks(
    (agent, connector, timeout) =>
      requests.send(
        agent,
        checkRequest,
        { connector, timeout },
        { requestedBy: 'explain', timeoutMs: timeout + CHECK_TRANSIT_MS },
      ),
    clock,
  );
  const webConsole = openConsole();
  scope.defer(() => webConsole.close());
  const api = await createApi({
    clock: clock.wall,
    webConsole,
    tls: certificate,
    store,
    tokens: identity.tokens,
    refusals: identity.refusals,
    revocation: identity.revocation,
    fleet,
    requests: agentRequests,
    actions: fleetActions(fleet.steering, approvals, (agent) => fleet.agent(agent)?.pool),
    connections,
    connectionLog: options.connectionLog,
    clients: options.ownClients,
    askReplicas: options.askReplicas,
    async explain(connection, client) {
      const report = reportRoute(connection, {
        routes,
        sessionsOf: (pool) => registry.sessionsOf(pool),
        queue,
        ejection,
        checkFails: (connector, agentId) => fleet.checkFails(agentId, connector),
        history,
      });
      if (report === undefined) return undefined;
      const configured = config().connections.find(({ name }) => name === connection);
      const source =
        client === undefined || configured === undefined
          ? undefined
          : { address: client, ingresses: sourceAccess(configured, client) };
      const explained = { ...report, denials: denials.of(connection), source };
      return explainConnection(explained, fleet.agentsAfter(''), checks, clock);
    },
    history: recorded.samples,
    sessions: (cursor, filter) => fleet.sessionsAfter(cursor, filter),
    gateway: () => ({
      config: config(),
      startedAt,
      tunnel: {
        address: tunnel().address,
        port: tunnel().port,
        host: firstPublicHost(options.tunnelCertificate().certificate),
        pins: options.tunnelCertificate().pins,
        certificateNotAfter: fleet.certificateNotAfter(),
      },
    }),
    attention: attentionOf({
      fleet,
      connections: () => [...routes.routes],
      openOutcomes,
      health: () => config().health,
      firing: () => alerts.firing,
      readiness: options.readiness,
      outage: () => store.health.outage,
      clock,
    }),
    replicas: options.replicas,
    readiness: options.readiness,
    metrics: metricsSource(metrics.registry, fleet, clock),
    events,
    approvals,
    alerts,
    silences: alerts.silences,
    alertConfig: config,
    grants,
    names: {
      url: () => config().console.url,
      oidc: () => {
        const { oidc } = config().signIn;
        return oidc && { ...oidc, clientSecret: oidc.clientSecret.reveal() };
      },
      organization: () => config().organization,
      certificate: options.adminCertificate,
      hostName: hostname(),
    },
    rollouts,
    report: (failure) => log('request-failed', failure),
  });
  scope.defer(() => api.close());
  const own = { clients: options.ownClients, approvals, refusals: identity.refusals, alerts };
  return { api, events, alerts, answer: (question) => answerReplica(own, question) };
}

function agentEvent({ name, pool, state, code, since, message, detail }: AgentView) {
  return { name, pool, state, code, since: new Date(since).toISOString(), message, detail };
}
