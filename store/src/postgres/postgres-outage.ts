import { StoreError, type StoreFailure, type StoreOutage } from '../store-error.ts';

/** By SQLSTATE (PostgreSQL documentation, appendix A): whole codes first, then classes. Others concern one statement. */
const outages: Readonly<Record<string, StoreOutage>> = {
  '25006': 'read-only', // read_only_sql_transaction: a standby, or default_transaction_read_only
  '28': 'rejected', // invalid_authorization_specification
  '3D000': 'rejected', // invalid_catalog_name
  '42501': 'rejected', // insufficient_privilege
  '08': 'unreachable', // connection_exception; pgbouncer reports its own failures as 08P01
  '53100': 'disk-full',
  '53': 'overloaded', // insufficient_resources, such as too_many_connections
  '55P03': 'locked', // lock_not_available
  '57014': 'silent', // query_canceled, by statement_timeout
  '57': 'unreachable', // operator_intervention: it is shutting down, starting, or recovering
  '58': 'disk-failing', // system_error
  XX: 'unusable', // internal_error, such as data_corrupted
};

/** The database ended the transaction in favor of another one; it can be run again. */
const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01']);

/** Errors of sockets and TLS. The text of pg is not consulted: without a code, the connection is broken. */
export function isConflict(error: unknown): boolean {
  return error instanceof StoreError && CONFLICTS.has(sqlStateOf(error.cause) ?? '');
}

export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/**
 * Translates an error of pg. An error without an SQLSTATE comes from the socket, from TLS, or from a connection that
 * ended.
 */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const state = sqlStateOf(error);
  const text = error instanceof Error ? (error.message === '' ? error.name : error.message) : String(error);
  if (state === undefined) {
    return new StoreError('failed', `The connection to the database failed: ${text}.`, {
      cause: error,
      outage: 'unreachable',
    });
  }
  const outage = outages[state] ?? outages[state.slice(0, 2)] ?? 'none';
  const failure: StoreFailure = outage === 'silent' ? 'timeout' : 'failed';
  return new StoreError(failure, `The database rejected a statement: ${text} (SQLSTATE ${state}).`, {
    cause: error,
    outage,
  });
}
