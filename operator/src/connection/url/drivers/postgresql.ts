import type { NoteId } from '../notes.ts';
import { askedForByJvm, jvmSocks } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';
import { hostPort } from '../way-in.ts';

const PORT = 5432;
const NO_PROXY = 'It speaks to no proxy. Use a tcp or sni way in.';

const certificateNotes = (mode: 'passthrough' | 'terminate'): NoteId[] =>
  mode === 'terminate' ? ['terminate-name', 'terminate-binding'] : ['passthrough-name'];

export const pgjdbc: Driver = {
  name: 'pgjdbc',
  title: 'PostgreSQL JDBC (pgjdbc)',
  kind: 'postgresql',
  ways: {
    tcp: (way, { user, database }) => ({
      connect: `jdbc:postgresql://${hostPort(way)}/${database}?user=${user}&tcpKeepAlive=true`,
      notes: ['jdbc-password', 'tcp-verify-full', 'keepalive', 'cancel'],
    }),
    sni: (way, { user, database }) => {
      const terminated = way.mode === 'terminate';
      const ssl = terminated
        ? 'sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&channelBinding=disable'
        : 'sslmode=require';
      return {
        connect: `jdbc:postgresql://${hostPort(way)}/${database}?user=${user}&${ssl}&tcpKeepAlive=true`,
        notes: [
          'jdbc-password',
          ...certificateNotes(way.mode),
          ...(terminated ? (['java-authority'] as const) : []),
          'dns',
          'sni-dotted',
          'direct-tls',
          'cancel-sni',
        ],
      };
    },
    socks5: (way, blanks) => ({
      connect: `jdbc:postgresql://${hostPort(askedForByJvm(way, blanks, PORT))}/${blanks.database}?user=${blanks.user}&tcpKeepAlive=true`,
      also: jvmSocks(way),
      notes: [
        'jdbc-password',
        'jvm-socks',
        'remote-dns',
        way.grant === 'none' ? 'proxy-verify-full' : 'jvm-grant',
        'cancel',
      ],
    }),
    httpConnect: () => ({ not: 'pgjdbc speaks to no HTTP proxy. Use socks5, tcp or sni.' }),
  },
};

/** psql takes libpq's URI as its only argument; other programs with libpq take it where they take a `conninfo`. */
const libpqWays = (before: string, after: string): Driver['ways'] => ({
  tcp: (way, { user, database }) => ({
    connect: `${before}postgresql://${user}@${hostPort(way)}/${database}?keepalives_idle=60${after}`,
    notes: ['libpq-password', 'tcp-verify-full', 'keepalive', 'cancel'],
  }),
  sni: (way, { user, database }) => {
    const terminated = way.mode === 'terminate';
    const ssl = terminated
      ? 'sslmode=verify-full&sslrootcert=system&channel_binding=disable'
      : 'sslmode=require';
    return {
      connect: `${before}postgresql://${user}@${hostPort(way)}/${database}?${ssl}&keepalives_idle=60${after}`,
      notes: [
        'libpq-password',
        ...certificateNotes(way.mode),
        'dns',
        'libpq-sni',
        ...(terminated ? (['libpq-system', 'libpq-no-sni'] as const) : []),
        'direct-tls',
        'cancel-sni',
      ],
    };
  },
  socks5: () => ({ not: `libpq: ${NO_PROXY}` }),
  httpConnect: () => ({ not: `libpq: ${NO_PROXY}` }),
});

export const psql: Driver = {
  name: 'psql',
  title: 'psql',
  kind: 'postgresql',
  ways: libpqWays("psql '", "'"),
};

export const libpq: Driver = {
  name: 'libpq',
  title: 'libpq (psycopg, PHP, Ruby, ODBC)',
  kind: 'postgresql',
  ways: libpqWays('', ''),
};

export const npgsql: Driver = {
  name: 'npgsql',
  title: 'Npgsql (.NET)',
  kind: 'postgresql',
  ways: {
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
    socks5: () => ({ not: `Npgsql: ${NO_PROXY}` }),
    httpConnect: () => ({ not: `Npgsql: ${NO_PROXY}` }),
  },
};
