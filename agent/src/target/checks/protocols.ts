import type { ConnectorKind, TargetTls } from '@penstock/config-schema';
import { checkHttp } from './http.ts';
import { checkMongodb } from './mongodb.ts';
import { checkMysql } from './mysql.ts';
import { checkPostgresql } from './postgresql.ts';
import type { ProtocolCheck } from './protocol-check.ts';
import { checkRedis } from './redis.ts';
import { checkSqlserver } from './sqlserver.ts';

/** How each kind is asked. Undefined: a connection is all there is to see. */
export const protocolChecks: Readonly<Record<ConnectorKind, ProtocolCheck | undefined>> = {
  postgresql: checkPostgresql,
  mysql: checkMysql,
  sqlserver: checkSqlserver,
  // The listener writes a line for whatever is asked of it, and none for a connection that says nothing.
  oracle: undefined,
  mongodb: checkMongodb,
  redis: checkRedis,
  http: checkHttp,
  tcp: undefined,
};

/** Kinds that may as well speak TLS from the first byte on. */
const tlsFromTheStart: ReadonlySet<ConnectorKind> = new Set(['mongodb', 'redis', 'http']);

/** Ports where TLS is what one finds. */
const tlsPorts: ReadonlySet<number> = new Set([443, 8443, 6380]);

/** The ways to ask a target of this kind, the likelier first; one alone where its connector says which. */
export function waysToAsk(
  kind: ConnectorKind,
  port: number,
  tls: TargetTls | undefined,
): readonly ('clear' | 'tls')[] {
  if (!tlsFromTheStart.has(kind)) return ['clear'];
  if (tls !== undefined && tls.mode !== 'prefer') return tls.mode === 'disable' ? ['clear'] : ['tls'];
  return tlsPorts.has(port) ? ['tls', 'clear'] : ['clear', 'tls'];
}
