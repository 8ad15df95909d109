import { hostPort } from '../ingress-endpoint.ts';
import type { NoteId } from '../notes.ts';
import { jvmSocks, jvmTarget } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';

const PORT = 5432;
const noProxy = (name: string) => ({ unsupported: `${name} does not support proxies. Use tcp or sni.` });

const certificateNotes = (mode: 'passthrough' | 'terminate'): NoteId[] =>
  mode === 'terminate' ? ['terminate-name', 'terminate-binding'] : ['passthrough-name'];

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

/** psql accepts libpq's URI as its argument; other programs that use libpq accept it as their `conninfo`. */
const libpqRecipes = (before: string, after: string): Driver['recipes'] => ({
  tcp: (endpoint, { user, database }) => ({
    connect: `${before}postgresql://${user}@${hostPort(endpoint)}/${database}?keepalives_idle=60${after}`,
    notes: ['libpq-password', 'tcp-verify-full', 'keepalive', 'cancel'],
  }),
  sni: (endpoint, { user, database }) => {
    const terminated = endpoint.mode === 'terminate';
    const ssl = terminated
      ? 'sslmode=verify-full&sslrootcert=system&channel_binding=disable'
      : 'sslmode=require';
    return {
      connect: `${before}postgresql://${user}@${hostPort(endpoint)}/${database}?${ssl}&keepalives_idle=60${after}`,
      notes: [
        'libpq-password',
        ...certificateNotes(endpoint.mode),
        'dns',
        'libpq-sni',
        ...(terminated ? (['libpq-system', 'libpq-no-sni'] as const) : []),
        'direct-tls',
        'cancel-sni',
      ],
    };
  },
  socks5: () => noProxy('libpq'),
  httpConnect: () => noProxy('libpq'),
});

export const psql: Driver = {
  name: 'psql',
  title: 'psql',
  kind: 'postgresql',
  recipes: libpqRecipes("psql '", "'"),
};

export const libpq: Driver = {
  name: 'libpq',
  title: 'libpq (psycopg, PHP, Ruby, ODBC)',
  kind: 'postgresql',
  recipes: libpqRecipes('', ''),
};

export const npgsql: Driver = {
  name: 'npgsql',
  title: 'Npgsql (.NET)',
  kind: 'postgresql',
  recipes: {
    tcp: ({ host, port }, { user, database }) => ({
      connect: `Host=${host};Port=${port};Username=${user};Database=${database};Tcp Keepalive=true`,
      notes: ['uri-password', 'tcp-verify-full', 'keepalive', 'cancel'],
    }),
    sni: ({ host, port, mode }, { user, database }) => {
      const terminated = mode === 'terminate';
      return {
        connect: `Host=${host};Port=${port};Username=${user};Database=${database};SSL Mode=${terminated ? 'VerifyFull;Channel Binding=Disable' : 'Require'};Tcp Keepalive=true`,
        notes: ['uri-password', ...certificateNotes(mode), 'dns', 'direct-tls', 'cancel-sni'],
      };
    },
    socks5: () => noProxy('Npgsql'),
    httpConnect: () => noProxy('Npgsql'),
  },
};
