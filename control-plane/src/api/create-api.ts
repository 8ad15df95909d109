import type { GatewayConfig } from '@penstock/config-schema';
import {
  ConsoleSessions,
  type OidcSettings,
  OidcSignIn,
  requireKnownHost,
  transportOf,
} from '@penstock/sign-in';
import type { Store } from '@penstock/store';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { AuthenticatedRequester } from '../actor.ts';
import type { AlertService } from '../alerts/led-alerts.ts';
import type { Silences } from '../alerts/silences.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { FleetActions } from '../approvals/fleet-actions.ts';
import type { Attention } from '../attention/attention.ts';
import type { ConnectionLog } from '../connection-log/connection-log.ts';
import type { FleetEvents } from '../events/events.ts';
import type { Explanation } from '../fleet/explanation.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { Grants } from '../grants/grants.ts';
import type { History } from '../history/open-history.ts';
import type { EnrollmentRefusals } from '../identity/enrollment-refusals.ts';
import type { EnrollmentTokens } from '../identity/enrollment-token.ts';
import type { Revocation } from '../identity/revocation.ts';
import type { AgentRequests } from '../requests/agent-requests.ts';
import { type AdminTls, secureContextOf } from './admin-tls.ts';
import { adminTokenRoutes } from './admin-tokens.ts';
import { agentRequestRoutes } from './agent-requests.ts';
import { agentRoutes } from './agents.ts';
import { alertRoutes } from './alerts.ts';
import { collectMethods } from './allowed-methods.ts';
import { receiversElsewhere, refusalsElsewhere, resultElsewhere } from './answer-replica.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { authentication } from './authentication.ts';
import { bulkRoutes } from './bulk.ts';
import { clientRoutes } from './clients.ts';
import { configVersionRoutes } from './config-versions.ts';
import {
  type AskReplicas,
  allClients,
  type ConnectedClients,
  clientsElsewhere,
} from './connected-clients.ts';
import { connectionLogRoutes } from './connection-log.ts';
import { connectionStringRoutes } from './connection-strings.ts';
import { type ConnectionView, connectionRoutes } from './connections.ts';
import { type ConsoleSource, consoleRoutes } from './console-pages.ts';
import { type ConsoleSite, consoleSessionRoutes, signInRoute } from './console-sessions.ts';
import { enrollmentTokenRoutes } from './enrollment-tokens.ts';
import { eventRoutes } from './events.ts';
import { explanationRoutes } from './explanation.ts';
import type { FleetReader } from './fleet-reader.ts';
import { type GatewayFacts, gatewayRoutes } from './gateway.ts';
import { grantRoutes } from './grants.ts';
import { healthRoutes, type MetricsSource, type Readiness } from './health.ts';
import { historyRoutes } from './history.ts';
import { limitConnections } from './limit-connections.ts';
import { oidcRoutes } from './oidc.ts';
import { describeApi } from './openapi/describe-api.ts';
import { poolPreviewOf } from './pin-preview.ts';
import { pinRoutes } from './pins.ts';
import { poolRoutes } from './pools.ts';
import { type ApiFailure, answerBadPath, answerProblems } from './problem-handler.ts';
import { receiverRoutes } from './receivers.ts';
import { type ReplicaView, replicaRoutes } from './replicas.ts';
import { validateStrictly } from './request-validation.ts';
import { type RolloutApi, rolloutRoutes } from './rollouts.ts';
import { type SessionListing, sessionRoutes } from './sessions.ts';
import { silenceRoutes } from './silences.ts';
import { streamAccess } from './stream-access.ts';
import type { TypeBoxProvider } from './typed-app.ts';

export type ApiDependencies = {
  readonly store: Store;
  readonly tokens: EnrollmentTokens;
  readonly refusals: Pick<EnrollmentRefusals, 'list'>;
  readonly revocation: Revocation;
  /** Requests to agents for what only they know. */
  readonly requests: AgentRequests;
  readonly fleet: FleetReader &
    Pick<OpenFleet, 'versions' | 'pinListing' | 'pools' | 'poolViews' | 'listed' | 'stateCounts'>;
  readonly actions: FleetActions;
  readonly connectionLog: Pick<ConnectionLog, 'list' | 'isStored' | 'followers'>;
  /** The clients of this gateway. */
  readonly clients: ConnectedClients;
  /** Asks the other replicas for what only they know; see `answerReplica`. A gateway that is alone asks none. */
  readonly askReplicas?: AskReplicas | undefined;
  readonly connections: () => readonly ConnectionView[];
  readonly explain: (connection: string, client: string | undefined) => Promise<Explanation | undefined>;
  readonly history: History['samples'];
  readonly sessions: SessionListing;
  readonly gateway: () => GatewayFacts;
  readonly attention: () => Promise<Attention>;
  /** All replicas by name; none for the only gateway on its store. */
  readonly replicas?: () => readonly ReplicaView[];
  readonly readiness: () => Readiness;
  readonly metrics: MetricsSource;
  readonly events: FleetEvents;
  readonly approvals: Approvals;
  readonly alerts: Pick<AlertService, 'firing' | 'test' | 'receivers'>;
  readonly silences: Pick<Silences, 'silenceOf' | 'create' | 'end'>;
  /** Of gateway.yaml in force. */
  readonly alertConfig: () => Pick<GatewayConfig, 'alerts' | 'receivers'>;
  readonly grants: Grants;
  readonly rollouts: RolloutApi;
  /** Called for every request that failed through a fault of the gateway. */
  readonly report: (failure: ApiFailure) => void;
  /** The web console; not served if omitted. */
  readonly webConsole?: ConsoleSource | undefined;
  readonly clock?: () => number;
  /** The names by which browsers may reach this gateway. */
  readonly names: GatewayNames;
  /** Plaintext HTTP if omitted. */
  readonly tls?: AdminTls | undefined;
};

export type GatewayNames = {
  /** `console.url` of gateway.yaml in force. */
  readonly url: () => string | undefined;
  /** `signIn.oidc` of gateway.yaml in force. */
  readonly oidc: () => OidcSettings | undefined;
  readonly organization: () => string;
  /** PEM of the certificate of the admin address in force, if it has one. */
  readonly certificate: () => string | undefined;
  /** The name of this machine. */
  readonly hostName: string;
};

const KIB = 1024;
const SECOND = 1000;
/** For a TLS handshake, for the headers of a request, and for a request with its body. */
const REQUEST_TIMEOUT_MS = 10 * SECOND;
/** Node looks for requests that have timed out this often. Its default of 30 s adds as much to every timeout. */
const CHECK_INTERVAL_MS = SECOND;

const timeouts = { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS };

/**
 * Creates the control plane's HTTP server for the admin address. The caller starts it with `listen({ host, port })` and
 * stops it with `close()`, which also closes open connections.
 */
export async function createApi(dependencies: ApiDependencies): Promise<FastifyInstance> {
  const { store, tokens, revocation, fleet, actions, requests, connections } = dependencies;
  const { readiness, metrics, events, approvals, report } = dependencies;
  const clock = dependencies.clock ?? Date.now;
  const { tls } = dependencies;
  const options: FastifyServerOptions = {
    logger: false,
    bodyLimit: 64 * KIB,
    // Longer than the slowest request to an agent: no bytes are sent until the agent has answered.
    connectionTimeout: 90 * SECOND,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: 10 * SECOND,
    forceCloseConnections: true,
    trustProxy: false,
    frameworkErrors: answerBadPath,
    routerOptions: { maxParamLength: 128 },
  };
  // Fastify has a different type for each kind of server, but the calls made here are the same.
  const app = fastify({
    ...options,
    ...(tls === undefined
      ? { http: timeouts }
      : { https: { ...secureContextOf(tls), ...timeouts, handshakeTimeout: REQUEST_TIMEOUT_MS } }),
  } as FastifyServerOptions).withTypeProvider<TypeBoxProvider>();
  const limited = limitConnections(app.server);
  validateStrictly(app);
  answerProblems(app, report, collectMethods(app));
  const { url, certificate, hostName } = dependencies.names;
  app.addHook('onRequest', async ({ headers }) => {
    // A page that has an admin token needs no rebinding.
    if (headers.authorization !== undefined) return;
    requireKnownHost(headers.host, { consoleUrl: url(), certificate: certificate(), hostName });
  });
  const site = (): ConsoleSite => ({ hasTls: tls !== undefined, consoleUrl: url() });
  const sessions = new ConsoleSessions({ store, clock });
  const oidc = new OidcSignIn(dependencies.names.oidc, clock);
  const isUser = (actor: string) => !actor.startsWith('oidc:') || oidc.isUser(actor);
  const { authenticate, hook } = authentication({ store, sessions, isUser, site, clock });
  const accessOf = (requester: AuthenticatedRequester) => streamAccess(requester, sessions, clock);
  await describeApi(app);
  healthRoutes(app, readiness, metrics);
  if (dependencies.webConsole !== undefined) {
    consoleRoutes(
      app,
      dependencies.webConsole,
      ({ headers }) => transportOf(headers.host, site()) !== undefined,
    );
  }
  const { organization } = dependencies.names;
  oidcRoutes(app, { store, oidc, sessions, site, organization, clock });
  await app.register(
    async (api) =>
      signInRoute(api.withTypeProvider<TypeBoxProvider>(), { sessions, site, clock, authenticate }),
    { prefix: '/api/v1' },
  );
  await app.register(
    async (api) => {
      api.decorateRequest('actor');
      api.addHook('onRoute', ({ config, url }) => {
        if (config?.role === undefined)
          throw new TypeError(`${url} does not declare the role that it requires.`);
      });
      api.addHook('onRequest', hook);
      api.addHook('onRequest', async ({ raw }) => limited.authenticated(raw.socket));
      api.addHook('onSend', async (_request, reply) => {
        void reply.header('cache-control', 'no-store');
      });
      const typed = api.withTypeProvider<TypeBoxProvider>();
      const ask = dependencies.askReplicas ?? noReplicas;
      agentRequestRoutes(typed, requests, report);
      agentRoutes(typed, { store, revocation, fleet, actions, clock, lastEventId: () => events.lastId });
      bulkRoutes(typed, { fleet, actions, requests, revocation, report });
      historyRoutes(typed, { store, samples: dependencies.history, fleet, clock });
      configVersionRoutes(typed, fleet.versions);
      poolRoutes(
        typed,
        () => fleet.poolViews(),
        (name, pinning) => poolPreviewOf(fleet, name, pinning),
      );
      pinRoutes(typed, fleet, actions);
      connectionRoutes(typed, connections);
      connectionStringRoutes(typed, connections);
      connectionLogRoutes(typed, dependencies.connectionLog, events, accessOf);
      clientRoutes(typed, {
        store,
        clients: allClients(dependencies.clients, clientsElsewhere(ask)),
        hasConnection: (name) => connections().some((each) => each.name === name),
        clock,
      });
      consoleSessionRoutes(typed, { sessions, site, clock });
      enrollmentTokenRoutes(typed, tokens, dependencies.refusals, (token) => refusalsElsewhere(ask, token));
      adminTokenRoutes(typed, { store, clock });
      explanationRoutes(typed, dependencies.explain);
      sessionRoutes(typed, dependencies.sessions);
      gatewayRoutes(typed, {
        facts: dependencies.gateway,
        readiness,
        outage: () => store.health.outage,
        hasTls: tls !== undefined,
        attention: dependencies.attention,
        lastEventId: () => events.lastId,
        isComplete: () => fleet.isComplete,
        clock,
      });
      replicaRoutes(typed, dependencies.replicas ?? (() => []));
      eventRoutes(typed, events, accessOf);
      auditRoutes(typed, store);
      approvalRoutes(typed, approvals, (id) => resultElsewhere(ask, id));
      alertRoutes(typed, { store, alerts: dependencies.alerts, silences: dependencies.silences });
      silenceRoutes(typed, {
        store,
        silences: dependencies.silences,
        rules: () => dependencies.alertConfig().alerts,
        clock,
      });
      receiverRoutes(typed, {
        store,
        alerts: dependencies.alerts,
        config: dependencies.alertConfig,
        elsewhere: () => receiversElsewhere(ask),
        clock,
      });
      grantRoutes(typed, dependencies.grants);
      rolloutRoutes(typed, dependencies.rollouts);
    },
    { prefix: '/api/v1' },
  );
  return app;
}

const noReplicas: AskReplicas = async () => [];
