import type { ConsoleSessions } from '@penstock/sign-in';
import type { AuthenticatedRequester } from '../actor.ts';
import { adminTokenRoutes } from './admin-tokens.ts';
import { agentRequestRoutes } from './agent-requests.ts';
import { agentRoutes } from './agents.ts';
import { alertRoutes } from './alerts.ts';
import { receiversElsewhere, refusalsElsewhere, resultElsewhere } from './answer-replica.ts';
import type { ApiDependencies } from './api-dependencies.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { bulkRoutes } from './bulk.ts';
import { clientRoutes } from './clients.ts';
import { configVersionRoutes } from './config-versions.ts';
import { type AskReplicas, allClients, clientsElsewhere } from './connected-clients.ts';
import { connectionLogRoutes } from './connection-log.ts';
import { connectionStringRoutes } from './connection-strings.ts';
import { connectionRoutes } from './connections.ts';
import { type ConsoleSite, consoleSessionRoutes } from './console-sessions.ts';
import { enrollmentTokenRoutes } from './enrollment-tokens.ts';
import { eventRoutes } from './events.ts';
import { explanationRoutes } from './explanation.ts';
import { gatewayRoutes } from './gateway.ts';
import { grantRoutes } from './grants.ts';
import { historyRoutes } from './history.ts';
import { poolPreviewOf } from './pin-preview.ts';
import { pinRoutes } from './pins.ts';
import { poolRoutes } from './pools.ts';
import { receiverRoutes } from './receivers.ts';
import { replicaRoutes } from './replicas.ts';
import { rolloutRoutes } from './rollouts.ts';
import { sessionRoutes } from './sessions.ts';
import { silenceRoutes } from './silences.ts';
import type { StreamAccess } from './stream-access.ts';
import type { TypedApp } from './typed-app.ts';

/** What the routes take from the server that serves them. */
export type RouteServer = {
  readonly sessions: ConsoleSessions;
  readonly site: () => ConsoleSite;
  /** How long a requester may listen to a stream. */
  readonly accessOf: (requester: AuthenticatedRequester) => StreamAccess;
  readonly hasTls: boolean;
  readonly clock: () => number;
};

/** Adds the routes of every resource, all of which require a role. */
export function resourceRoutes(api: TypedApp, dependencies: ApiDependencies, server: RouteServer): void {
  const { store, tokens, revocation, fleet, actions, requests, connections } = dependencies;
  const { readiness, events, approvals, report } = dependencies;
  const { sessions, site, accessOf, hasTls, clock } = server;
  const ask = dependencies.askReplicas ?? noReplicas;
  agentRequestRoutes(api, requests, report);
  agentRoutes(api, { store, revocation, fleet, actions, clock, lastEventId: () => events.lastId });
  bulkRoutes(api, { fleet, actions, requests, revocation, report });
  historyRoutes(api, { store, samples: dependencies.history, fleet, clock });
  configVersionRoutes(api, fleet.versions, fleet);
  poolRoutes(
    api,
    () => fleet.poolViews(),
    (name, pinning) => poolPreviewOf(fleet, name, pinning),
  );
  pinRoutes(api, fleet, actions);
  connectionRoutes(api, connections);
  connectionStringRoutes(api, connections);
  connectionLogRoutes(api, dependencies.connectionLog, events, accessOf);
  clientRoutes(api, {
    store,
    clients: allClients(dependencies.clients, clientsElsewhere(ask)),
    hasConnection: (name) => connections().some((each) => each.name === name),
    clock,
  });
  consoleSessionRoutes(api, { sessions, site, clock });
  enrollmentTokenRoutes(api, tokens, dependencies.refusals, (token) => refusalsElsewhere(ask, token));
  adminTokenRoutes(api, { store, clock });
  explanationRoutes(api, dependencies.explain);
  sessionRoutes(api, dependencies.sessions);
  gatewayRoutes(api, {
    facts: dependencies.gateway,
    readiness,
    outage: () => store.health.outage,
    hasTls,
    attention: dependencies.attention,
    lastEventId: () => events.lastId,
    isComplete: () => fleet.isComplete,
    clock,
  });
  replicaRoutes(api, dependencies.replicas ?? (() => []));
  eventRoutes(api, events, accessOf);
  auditRoutes(api, store);
  approvalRoutes(api, approvals, (id) => resultElsewhere(ask, id));
  alertRoutes(api, { store, alerts: dependencies.alerts, silences: dependencies.silences });
  silenceRoutes(api, {
    store,
    silences: dependencies.silences,
    rules: () => dependencies.alertConfig().alerts,
    clock,
  });
  receiverRoutes(api, {
    store,
    alerts: dependencies.alerts,
    config: dependencies.alertConfig,
    elsewhere: () => receiversElsewhere(ask),
    clock,
  });
  grantRoutes(api, dependencies.grants);
  rolloutRoutes(api, dependencies.rollouts);
}

const noReplicas: AskReplicas = async () => [];
