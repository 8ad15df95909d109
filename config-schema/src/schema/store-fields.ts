import { Type } from '@penstock/json-schema';
import { group, integer, quantity, text } from './field.ts';

/** What several gateways share. */
export const databaseStore = group(
  'PostgreSQL database (14 or newer) that holds the state of the control plane; required for several gateways. If omitted, the state is in the data directory of this gateway.',
  {
    url: text(
      'database',
      'The database, or pgbouncer in front of it: `postgresql://penstock:${env:DATABASE_PASSWORD}@db.example.com/penstock`. `sslmode` is `verify-full` unless the host is this one; `sslrootcert`, `sslcert` and `sslkey` are paths of PEM files.',
    ),
    directUrl: Type.Optional(
      text('database', 'The database without pgbouncer, for changes of its tables. Default: `url`.'),
    ),
    poolSize: integer(
      'Maximum number of connections of each replica to the database. The connection log has two more.',
      {
        default: 10,
        minimum: 1,
        maximum: 1000,
      },
    ),
    timeout: quantity(
      'duration',
      'Time limit for a connection to the database, and again for each statement.',
      { default: '2s', min: '100ms', max: '1m' },
    ),
  },
);

export const agentCa = group(
  'The CA that issues the identities of agents. Defaults to the one that `init` created in the data directory. Gateways on one database must have the same.',
  {
    certificate: text('certificate', 'Certificate of the CA as PEM: `${file:/etc/penstock/agent-ca.crt}`.'),
    key: text(
      'privateKey',
      'Private key of the CA as PEM, P-256, as a reference: `${file:/etc/penstock/agent-ca.key}`.',
    ),
  },
);
