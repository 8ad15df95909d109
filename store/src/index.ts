export type { AdminTokenRepository } from './admin-tokens.ts';
export { ascendingIds } from './ascending-ids.ts';
export type { LeaseRepository } from './cluster/leases.ts';
export type { LeaseTimes, NewReplica, ReplicaRepository } from './cluster/replicas.ts';
export type { ConfigVersionHead } from './config-versions.ts';
export { connectionIds } from './connection-log/connection-ids.ts';
export type { ConnectionLogQuery } from './connection-log/connection-log-entries.ts';
export {
  type ConnectionLogRow,
  type ConnectionState,
  connectionStates,
} from './connection-log/connection-log-row.ts';
export {
  CONNECTION_LOG_FILE,
  type ConnectionLogStore,
  openConnectionLog,
} from './connection-log/open-connection-log.ts';
export { openPostgresLog } from './connection-log/open-postgres-log.ts';
export { type CopiedTable, copyStore, countRows } from './copy-store.ts';
export { createFilledStore } from './create-filled-store.ts';
export type { EnrolledAgent } from './enrollments.ts';
export { createStore, openStore } from './open-store.ts';
export {
  createPostgresStore,
  openPostgresStore,
  type PostgresStoreOptions,
} from './postgres/open-postgres-store.ts';
export { type PostgresTarget, placeOf } from './postgres/postgres-target.ts';
export type { Repositories } from './repositories.ts';
export type {
  AdminRole,
  AdminTokenRow,
  AgentRow,
  AlertDeliveryRow,
  AlertRow,
  ApprovalRow,
  AuditRow,
  ChangeKind,
  ChangeRow,
  ConfigVersionRow,
  ConsoleSessionRow,
  ConsoleUser,
  EnrollmentTokenRow,
  GrantRow,
  LeaseRow,
  PinRow,
  ReplicaRow,
  ReplicaState,
  RevocationReason,
  RolloutAgentRow,
  RolloutRow,
  SilenceRow,
  StateChangeRow,
} from './schema.ts';
export type { Store } from './sql-store.ts';
export { StoreError, type StoreOutage, storeOutages } from './store-error.ts';
export {
  MOVED_ADVICE,
  MOVED_SUFFIX,
  MOVED_TO_SUFFIX,
  movedStoreText,
  RESTORE_ADVICE,
  STORE_FILE,
  storeFileState,
} from './store-file.ts';
