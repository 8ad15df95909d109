import { type ConnectionLogEntry, type ConnectionOutcome, outcomeMessage } from '@penstock/api-schema';
import type { ConnectionLogRow } from '@penstock/store';
import { timestamp } from './timestamp.ts';

/** Returns the resource of an entry. Absent values are omitted. */
export function entryOf(row: ConnectionLogRow): ConnectionLogEntry {
  const { id, state, startedAt, endedAt, openMs, code, grantId, grantName } = row;
  const optional = {
    connection: row.connection,
    client: row.client,
    clientPort: row.clientPort,
    ingress: row.ingress,
    ingressKind: row.ingressKind,
    host: row.host,
    subject: row.subject,
    connector: row.connector,
    pool: row.pool,
    agent: row.agent,
    agentId: row.agentId,
    replica: row.replica,
    agentReplica: row.agentReplica,
    detail: row.detail,
  };
  return {
    id: String(id),
    state,
    ...withoutNulls(optional),
    ...(grantId !== null && { grant: { id: grantId, name: grantName ?? '' } }),
    startedAt: timestamp(startedAt),
    ...(openMs !== null && { openMs: Math.round(openMs * 100) / 100 }),
    ...(endedAt !== null && { endedAt: timestamp(endedAt), durationMs: endedAt - startedAt }),
    attempts: row.attempts,
    resumes: row.resumes,
    adriftMs: row.adriftMs,
    ...(row.adriftSince !== null && { adriftSince: timestamp(row.adriftSince) }),
    bytesFromClient: row.bytesFromClient,
    bytesToClient: row.bytesToClient,
    ...(code !== null && { code: code as ConnectionOutcome, message: outcomeMessage(code) }),
    count: row.count,
  };
}

type WithoutNulls<Values> = { [Key in keyof Values]?: NonNullable<Values[Key]> };

function withoutNulls<Values extends object>(values: Values): WithoutNulls<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null),
  ) as WithoutNulls<Values>;
}
