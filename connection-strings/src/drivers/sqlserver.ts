import { hostPort } from '../ingress-endpoint.ts';
import { jvmSocks, noGrantInHost, targetAddress } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';

const PORT = 1433;

export const sqlserver: Driver = {
  name: 'sqlserver',
  title: 'Microsoft JDBC Driver for SQL Server',
  kind: 'sqlserver',
  recipes: {
    tcp: (endpoint, { user, database }) => ({
      connect: `jdbc:sqlserver://${hostPort(endpoint)};databaseName=${database};user=${user};encrypt=true`,
      notes: ['jdbc-password', 'mssql-certificate', 'mssql-spn', 'mssql-redirect', 'keepalive'],
    }),
    sni: (endpoint, { user, database }) => ({
      connect: `jdbc:sqlserver://${hostPort(endpoint)};databaseName=${database};user=${user};encrypt=strict`,
      notes: [
        'jdbc-password',
        'mssql-strict',
        endpoint.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
        'sni-dotted',
        'mssql-spn',
      ],
    }),
    socks5: (endpoint, placeholders) =>
      endpoint.grant === 'required'
        ? noGrantInHost('tcp or sni')
        : {
            connect: `jdbc:sqlserver://${hostPort(targetAddress(placeholders, PORT))};databaseName=${placeholders.database};user=${placeholders.user};encrypt=true`,
            also: jvmSocks(endpoint),
            notes: ['jdbc-password', 'jvm-socks', 'local-dns', 'mssql-certificate', 'mssql-spn'],
          },
    httpConnect: () => ({ unsupported: 'The driver does not support HTTP proxies. Use socks5, tcp or sni.' }),
  },
};
