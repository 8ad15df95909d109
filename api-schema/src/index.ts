export {
  type AdminRole,
  AdminTokenList,
  AdminTokenResource,
  adminRoles,
  CreatedAdminToken,
  NewAdminToken,
} from './admin-token.ts';
export { type Advice, adviceText, commandFor } from './advice.ts';
export { AgentDetail, AgentReason, AgentResource, AgentSample, RevokedAgent } from './agent.ts';
export { AgentConfigResource } from './agent-config.ts';
export {
  type AgentOperation,
  AgentOperations,
  agentOperations,
  type OperationResource,
  operationObstacles,
} from './agent-operations.ts';
export {
  agentRequestBody,
  agentRequestResponse,
  hasAnswer,
  MAX_AGENT_TIMEOUT_MS,
  NamedAgent,
} from './agent-request.ts';
export { AgentListing, AgentPage, AgentQuery, AgentRow, AgentRowPage } from './agent-row.ts';
export { type AgentState, agentConditions, agentStates, type ConditionCode } from './agent-state.ts';
export { AlertDetail, AlertNotification, AlertPage, AlertQuery, AlertResource } from './alert.ts';
export {
  ApprovalPage,
  ApprovalQuery,
  ApprovalResource,
  ApprovalResult,
  type ApprovalState,
  approvalResponse,
  approvalStates,
} from './approval.ts';
export { AttentionItem, AttentionList, attentionSeverities } from './attention.ts';
export { AuditEntry, AuditPage, AuditQuery } from './audit.ts';
export {
  type BulkAction,
  BulkItem,
  BulkRequest,
  BulkResult,
  bulkActions,
  bulkOutcomes,
  MAX_BULK_AGENTS,
} from './bulk.ts';
export { ClientList, ClientQuery, DisconnectedClient } from './client.ts';
export {
  ConfigDiff,
  ConfigDiffQuery,
  ConfigVersionDetail,
  ConfigVersionItem,
  ConfigVersionPage,
  ConfigVersionParams,
  ConfigVersionQuery,
  ConfigVersionResource,
  NewConfigVersion,
  PublishedConfigVersion,
} from './config-version.ts';
export { ConnectionList, ConnectionResource, IngressResource } from './connection.ts';
export {
  ConnectionLogEntry,
  ConnectionLogFilter,
  ConnectionLogPage,
  ConnectionLogQuery,
  type ConnectionOutcome,
  connectionOutcomes,
  connectionStates,
  outcomeMessage,
} from './connection-log.ts';
export {
  CLIENT_HOST_PATTERN,
  ConnectionStringList,
  ConnectionStringQuery,
  ConnectionStringResource,
  DriverResource,
} from './connection-string.ts';
export {
  ConsoleCode,
  ConsoleSession,
  ConsoleSessionList,
  CurrentConsoleSession,
  EndedConsoleSessions,
  NewConsoleSession,
  SignInMethods,
  StartedConsoleSession,
} from './console-session.ts';
export { MAX_TOKEN_USES, MAX_TTL_SECONDS, NAME_GLOB_PATTERN, sourceRanges } from './credential-limits.ts';
export {
  CreatedEnrollmentToken,
  EnrollmentRefusal,
  EnrollmentRefusalList,
  EnrollmentTokenDetail,
  EnrollmentTokenPage,
  EnrollmentTokenResource,
  NewEnrollmentToken,
} from './enrollment-token.ts';
export {
  ConnectionAttempt,
  ExplainedAgentResource,
  ExplainQuery,
  ExplanationResource,
} from './explanation.ts';
export { IdParams, Name, NameParams, StreamCounts, Timestamp } from './field.ts';
export { GatewayResource } from './gateway.ts';
export { CreatedGrant, GrantPage, GrantResource, NewGrant } from './grant.ts';
export { Liveness, Readiness } from './health.ts';
export {
  AgentHistory,
  HistoryQuery,
  PoolHistory,
  StateChange,
  StateChangePage,
  StateChangeQuery,
} from './history.ts';
export { listOf, MAX_PAGE_SIZE, NextCursor, PageQuery, pageOf } from './page.ts';
export { NewPin, PinList, PinPreview, PinPreviewQuery, PinResource, RemovedPin } from './pin.ts';
export { PinningMode, PoolList, PoolPreview, PoolPreviewQuery, PoolResource } from './pool.ts';
export { type ApiProblemCode, apiProblemCodes, problemResponses } from './problem.ts';
export { ReceiverList, ReceiverResource, ReceiverTestResult } from './receiver.ts';
export { ReplicaList, ReplicaResource } from './replica.ts';
export {
  NewRollout,
  NewRolloutSettings,
  RolloutAgentResource,
  RolloutCancel,
  RolloutDetail,
  RolloutPage,
  RolloutPause,
  RolloutPreview,
  RolloutQuery,
  RolloutResource,
} from './rollout.ts';
export { SessionPage, SessionQuery, SessionResource } from './session.ts';
export {
  AlertRuleList,
  AlertRuleResource,
  NewSilence,
  SilencePage,
  SilenceQuery,
  SilenceResource,
} from './silence.ts';
