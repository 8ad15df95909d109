export type { AdminTokenRepository } from './admin-tokens.ts';
export { ascendingIds } from './ascending-ids.ts';
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
export { createStore, openStore, type Store } from './open-store.ts';
export type { Repositories } from './repositories.ts';
export type {
  AdminRole,
  AdminTokenRow,
  AgentRow,
  AlertDeliveryRow,
  AlertRow,
  ApprovalRow,
  AuditRow,
  ConfigVersionRow,
  EnrollmentTokenRow,
  GrantRow,
  PinRow,
} from './schema.ts';
export { StoreError, type StoreOutage, storeOutages } from './store-error.ts';
export { RESTORE_ADVICE, STORE_FILE, storeFileState } from './store-file.ts';
