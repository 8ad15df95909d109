import type { ConnectorKind } from '@penstock/config-schema';
import type { CreateErrorExchange } from './error-exchange.ts';
import { httpError } from './http.ts';
import { mongodbError } from './mongodb.ts';
import { mysqlError } from './mysql.ts';
import { postgresqlError } from './postgresql.ts';
import { redisError } from './redis.ts';
import { sqlserverError } from './sqlserver.ts';

export type ErrorProtocol = {
  readonly create: CreateErrorExchange;
  /** ALPN protocols of clients that start with TLS. */
  readonly alpn: readonly string[];
};

/** How the clients of each kind of connector learn of an error. Undefined: they cannot, and are reset. */
export const errorProtocols: Readonly<Record<ConnectorKind, ErrorProtocol | undefined>> = {
  postgresql: { create: postgresqlError, alpn: ['postgresql'] },
  mysql: { create: mysqlError, alpn: [] },
  sqlserver: { create: sqlserverError, alpn: ['tds/8.0'] },
  oracle: undefined,
  mongodb: { create: mongodbError, alpn: [] },
  redis: { create: redisError, alpn: [] },
  // Clients of gRPC offer nothing but h2; the others get what is simpler.
  http: { create: httpError, alpn: ['http/1.1', 'h2'] },
  tcp: undefined,
};
