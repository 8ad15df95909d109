import { addressAskedFor, jvmSocks, noGrantInHost } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';
import { hostPort } from '../way-in.ts';

const PORT = 1433;

export const sqlserver: Driver = {
  name: 'sqlserver',
  title: 'Microsoft JDBC Driver for SQL Server',
  kind: 'sqlserver',
  ways: {
    tcp: (way, { user, database }) => ({
      connect: `jdbc:sqlserver://${hostPort(way)};databaseName=${database};user=${user};encrypt=true`,
      notes: ['jdbc-password', 'mssql-certificate', 'mssql-spn', 'mssql-redirect', 'keepalive'],
    }),
    sni: (way, { user, database }) => ({
      connect: `jdbc:sqlserver://${hostPort(way)};databaseName=${database};user=${user};encrypt=strict`,
      notes: [
        'jdbc-password',
        'mssql-strict',
        way.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
        'sni-dotted',
        'mssql-spn',
      ],
    }),
    socks5: (way, blanks) =>
      way.grant === 'required'
        ? noGrantInHost('tcp or sni')
        : {
            connect: `jdbc:sqlserver://${hostPort(addressAskedFor(blanks, PORT))};databaseName=${blanks.database};user=${blanks.user};encrypt=true`,
            also: jvmSocks(way),
            notes: ['jdbc-password', 'jvm-socks', 'local-dns', 'mssql-certificate', 'mssql-spn'],
          },
    httpConnect: () => ({ not: 'The driver speaks to no HTTP proxy. Use socks5, tcp or sni.' }),
  },
};
