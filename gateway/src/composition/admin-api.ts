import { hostname } from 'node:os';
import type { GatewayConfig } from '@penstock/config-schema';
import { openConsole } from '@penstock/console';
import {
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
  type Leadership,
  metricsSource,
  observeConnectionLog,
  observeFleet,
  type openAlerts,
  openEvents,
  type Readiness,
  type ReplicaView,
} from '@penstock/control-plane';
import type { Clock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { checkRequest } from '@penstock/wire';
import { sourceAccess } from '../access/source-access.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { Opens } from '../relay/opens-elsewhere.ts';
import { reportRoute } from '../routing/route-report.ts';
import type { CertificateAndKey } from './certificates.ts';
import type { ClientIngresses } from './client-ingresses.ts';
import { connectionViews } from './connection-views.ts';
import type { ControlPlane } from './control-plane.ts';
import type { DataPlane } from './data-plane.ts';
import { publishFleetEvents } from './fleet-events.ts';
import { openOperations } from './operations.ts';

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
  /** Compiles the schemas of the API now: the event loop is not held when clients are there. */
  readonly compileSchemas: boolean | undefined;
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

/** Opens the operations of the fleet, and creates the API over them. The caller listens. Throws StoreError. */
export async function openAdminApi(scope: AsyncDisposableStack, options: AdminApiOptions): Promise<AdminApi> {
  const startedAt = options.clock.wall();
  const { tunnel, leadership, epoch } = options;
  const { config, certificate, store, dataPlane, controlPlane, clients, metrics, clock, log } = options;
  const { registry, routes, queue, ejection, history, denials } = dataPlane;
  const { identity, fleet, requests, grants } = controlPlane;
  const connections = () => connectionViews(routes, clients.ingresses, denials, dataPlane.elsewhere);
  const events = openEvents(store, connections, options.events);
  publishFleetEvents(events, controlPlane);
  const operations = await openOperations(scope, {
    ...{ config, store, dataPlane, controlPlane, leadership, epoch, events, clock, log },
    opensElsewhere: options.opensElsewhere,
  });
  const { approvals, rollouts, restarts, alerts, openOutcomes } = operations;
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
    compileSchemas: options.compileSchemas,
    tls: certificate,
    store,
    tokens: identity.tokens,
    refusals: identity.refusals,
    revocation: identity.revocation,
    fleet,
    requests: operations.agentRequests,
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
    history: operations.history.samples,
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
      samples: operations.history.samples,
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
  if (options.compileSchemas === true) await api.ready();
  const own = { clients: options.ownClients, approvals, refusals: identity.refusals, alerts };
  return { api, events, alerts, answer: (question) => answerReplica(own, question) };
}
