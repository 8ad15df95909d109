import { hostPort } from '../ingress-endpoint.ts';
import { jvmSocks, jvmTarget } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';
import { certificateNotes } from './postgresql.ts';

const PORT = 5432;

export const pgjdbc: Driver = {
  name: 'pgjdbc',
  title: 'PostgreSQL JDBC (pgjdbc)',
  kind: 'postgresql',
  recipes: {
    tcp: (endpoint, { user, database }) => ({
      connect: `jdbc:postgresql://${hostPort(endpoint)}/${database}?user=${user}&tcpKeepAlive=true`,
      notes: ['jdbc-password', 'tcp-verify-full', 'keepalive', 'cancel'],
    }),
    sni: (endpoint, { user, database }) => {
      const terminated = endpoint.mode === 'terminate';
      const ssl = terminated
        ? 'sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&channelBinding=disable'
        : 'sslmode=require';
      return {
        connect: `jdbc:postgresql://${hostPort(endpoint)}/${database}?user=${user}&${ssl}&tcpKeepAlive=true`,
        notes: [
          'jdbc-password',
          ...certificateNotes(endpoint.mode),
          ...(terminated ? (['java-authority'] as const) : []),
          'dns',
          'sni-dotted',
          'direct-tls',
          'cancel-sni',
        ],
      };
    },
    socks5: (endpoint, placeholders) => ({
      connect: `jdbc:postgresql://${hostPort(jvmTarget(endpoint, placeholders, PORT))}/${placeholders.database}?user=${placeholders.user}&tcpKeepAlive=true`,
      also: jvmSocks(endpoint),
      notes: [
        'jdbc-password',
        'jvm-socks',
        'remote-dns',
        endpoint.grant === 'none' ? 'proxy-verify-full' : 'jvm-grant',
        'cancel',
      ],
    }),
    httpConnect: () => ({ unsupported: 'pgjdbc does not support HTTP proxies. Use socks5, tcp or sni.' }),
  },
};
