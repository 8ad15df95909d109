import type { ConnectorKind, TargetTls } from '@penstock/config-schema';
import { checkHttp } from './http.ts';
import { checkMongodb } from './mongodb.ts';
import { checkMysql } from './mysql.ts';
import { checkPostgresql } from './postgresql.ts';
import type { ProtocolCheck } from './protocol-check.ts';
import { checkRedis } from './redis.ts';
import { checkSqlserver } from './sqlserver.ts';

/** Whether a target is queried over TLS from the first byte. */
export type Encryption = 'plaintext' | 'tls';

/** The check of each kind. Undefined: only the connection is checked. */
export const protocolChecks: Readonly<Record<ConnectorKind, ProtocolCheck | undefined>> = {
  postgresql: checkPostgresql,
  mysql: checkMysql,
  sqlserver: checkSqlserver,
  // The Oracle listener logs every request, but not a connection without one.
  oracle: undefined,
  mongodb: checkMongodb,
  redis: checkRedis,
  http: checkHttp,
  tcp: undefined,
};

/** Kinds that may use TLS from the first byte. */
const directTlsKinds: ReadonlySet<ConnectorKind> = new Set(['mongodb', 'redis', 'http']);

/** Ports that conventionally use TLS. */
const tlsPorts: ReadonlySet<number> = new Set([443, 8443, 6380]);

/**
 * The encryptions to try for a target: the one that succeeded `last`, then the likelier one. Only one where the connector
 * specifies it.
 */
export function encryptionsToTry(
  kind: ConnectorKind,
  port: number,
  tls: TargetTls | undefined,
  last: Encryption | undefined,
): readonly Encryption[] {
  if (!directTlsKinds.has(kind)) return ['plaintext'];
  if (tls !== undefined && tls.mode !== 'prefer') return tls.mode === 'disable' ? ['plaintext'] : ['tls'];
  const first = last ?? (tlsPorts.has(port) ? 'tls' : 'plaintext');
  return first === 'tls' ? ['tls', 'plaintext'] : ['plaintext', 'tls'];
}
