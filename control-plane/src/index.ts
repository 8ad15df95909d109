export { isUserOf } from '@penstock/sign-in';
export { alertConditionTexts } from './alerts/alert-conditions.ts';
export { openAlerts } from './alerts/open-alerts.ts';
export { replaceAdminTls, staysOnHost } from './api/admin-tls.ts';
export {
  type AskReplicas,
  allClients,
  answerAboutClients,
  type ConnectedClients,
  clientsElsewhere,
  ownClients,
} from './api/connected-clients.ts';
export type { ConnectionView } from './api/connections.ts';
export { createApi } from './api/create-api.ts';
export type { GatewayFacts } from './api/gateway.ts';
export type { Readiness } from './api/health.ts';
export { apiDocument } from './api/openapi/api-document.ts';
export type { ReplicaView } from './api/replicas.ts';
export { Approvals } from './approvals/approvals.ts';
export { fleetActions } from './approvals/fleet-actions.ts';
export { attentionOf } from './attention/attention.ts';
export { ChangeFeed } from './changes/change-feed.ts';
export { ConnectionLog } from './connection-log/connection-log.ts';
export { publishDetailChanges } from './events/detail-changes.ts';
export { FleetEvents, type PublishedEvents } from './events/events.ts';
export { openEvents } from './events/open-events.ts';
export type { AgentView } from './fleet/agent-view.ts';
export { explainConnection } from './fleet/explain-connection.ts';
export { startForgetting } from './fleet/forget-absent.ts';
export { FreshChecks } from './fleet/fresh-checks.ts';
export { type OpenFleet, openFleet } from './fleet/open-fleet.ts';
export { Grants } from './grants/grants.ts';
export { openHistory } from './history/open-history.ts';
export { createAdminToken } from './identity/admin-token.ts';
export { ensureAuthority, hasAuthority, openAuthority } from './identity/authority-files.ts';
export { firstPublicHost } from './identity/certificate-host.ts';
export { readCertificateRequest } from './identity/certificate-request.ts';
export { type Identity, openIdentity } from './identity/open-identity.ts';
export { createReplicaKey, type ReplicaKey } from './identity/replica-certificate.ts';
export {
  ensureServerCertificate,
  loadAdminCertificate,
  loadServerCertificate,
} from './identity/server-certificate.ts';
export { withStoreProblems } from './identity/store-problem.ts';
export { idOfToken, tokenMatches } from './identity/token-secret.ts';
export { X509Certificate } from './identity/x509.ts';
export { type Leadership, LeasedLeadership, lifeOf, soleLeadership } from './leadership/leadership.ts';
export { agentSeries } from './metrics/agent-series.ts';
export { observeConnectionLog } from './metrics/connection-log-metrics.ts';
export { fleetGauges, metricsSource } from './metrics/fleet-gauges.ts';
export { observeFleet } from './metrics/fleet-metrics.ts';
export { type ControlPlaneLog, controlPlaneEvents } from './observe/event.ts';
export { agentFacts } from './pins/agent-facts.ts';
export { openAgentRequests } from './requests/agent-requests.ts';
export { PendingAgentRequests } from './requests/pending-agent-requests.ts';
export { RestartPolicies } from './restarts/restart-policies.ts';
export { AgentOpens } from './rollouts/agent-opens.ts';
export { openRollouts } from './rollouts/open-rollouts.ts';
export { RolloutProblem } from './rollouts/rollout-problem.ts';
