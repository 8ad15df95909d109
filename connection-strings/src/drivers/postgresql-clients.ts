import { hostPort } from '../ingress-endpoint.ts';
import type { NoteId } from '../notes.ts';
import type { Driver } from '../recipe.ts';
import { pgjdbc } from './pgjdbc.ts';
import { certificateNotes, libpqRecipes, noProxy } from './postgresql.ts';

export const psycopg: Driver = {
  name: 'psycopg',
  title: 'psycopg (Python)',
  kind: 'postgresql',
  recipes: libpqRecipes('', '', 'psycopg'),
};

/** SQLAlchemy passes the parameters of its URL to psycopg, which passes them to libpq. */
const throughPsycopg = libpqRecipes('', '', 'psycopg');
export const sqlalchemy: Driver = {
  name: 'sqlalchemy',
  title: 'SQLAlchemy with psycopg (Python)',
  kind: 'postgresql',
  recipes: {
    ...throughPsycopg,
    tcp: (...of) => withDialect(throughPsycopg.tcp(...of)),
    sni: (...of) => withDialect(throughPsycopg.sni(...of)),
  },
};

function withDialect(recipe: ReturnType<Driver['recipes']['tcp']>) {
  if ('unsupported' in recipe) return recipe;
  return { ...recipe, connect: recipe.connect.replace(/^postgresql:/, 'postgresql+psycopg:') };
}

/** Drivers that send parameters they do not know to the server, which rejects them: only those of libpq that they know. */
const urlRecipes = (
  terminated: string,
  terminatedNotes: readonly NoteId[],
  name: string,
): Driver['recipes'] => ({
  tcp: (endpoint, { user, database }) => ({
    connect: `postgresql://${user}@${hostPort(endpoint)}/${database}`,
    notes: ['argument-password', 'tcp-verify-full', 'keepalive-system', 'cancel'],
  }),
  sni: (endpoint, { user, database }) => ({
    connect: `postgresql://${user}@${hostPort(endpoint)}/${database}?${endpoint.mode === 'terminate' ? terminated : 'sslmode=require'}`,
    notes: [
      'argument-password',
      ...(endpoint.mode === 'terminate'
        ? (['terminate-name', ...terminatedNotes] as const)
        : certificateNotes(endpoint.mode)),
      'dns',
      'keepalive-system',
      'cancel-sni',
    ],
  }),
  socks5: () => noProxy(name),
  httpConnect: () => noProxy(name),
});

export const asyncpg: Driver = {
  name: 'asyncpg',
  title: 'asyncpg (Python)',
  kind: 'postgresql',
  recipes: urlRecipes('sslmode=verify-full&sslrootcert=FILE', ['asyncpg-authority'], 'asyncpg'),
};

export const pgx: Driver = {
  name: 'pgx',
  title: 'pgx (Go)',
  kind: 'postgresql',
  recipes: urlRecipes('sslmode=verify-full&channel_binding=disable', ['pgx-binding'], 'The string of pgx'),
};

export const odbc: Driver = {
  name: 'odbc',
  title: 'ODBC (psqlODBC)',
  kind: 'postgresql',
  recipes: {
    tcp: ({ host, port }, { user, database }) => ({
      connect: `Driver={PostgreSQL Unicode};Server=${host};Port=${port};Database=${database};Uid=${user};SSLmode=prefer;KeepaliveTime=60`,
      notes: ['odbc-password', 'odbc-driver', 'tcp-verify-full', 'keepalive', 'cancel'],
    }),
    sni: ({ host, port, mode }, { user, database }) => {
      const terminated = mode === 'terminate';
      const ssl = terminated
        ? 'SSLmode=verify-full;pqopt={sslrootcert=system channel_binding=disable}'
        : 'SSLmode=require';
      return {
        connect: `Driver={PostgreSQL Unicode};Server=${host};Port=${port};Database=${database};Uid=${user};${ssl};KeepaliveTime=60`,
        notes: [
          'odbc-password',
          'odbc-driver',
          ...certificateNotes(mode),
          ...(terminated ? (['libpq-system'] as const) : []),
          'dns',
          'libpq-sni',
          'cancel-sni',
        ],
      };
    },
    socks5: () => noProxy('psqlODBC'),
    httpConnect: () => noProxy('psqlODBC'),
  },
};

/** DBeaver uses pgjdbc, and has fields of its own for the login. */
export const dbeaver: Driver = {
  name: 'dbeaver',
  title: 'DBeaver, for PostgreSQL',
  kind: 'postgresql',
  recipes: {
    tcp: (...of) => inDbeaver(pgjdbc.recipes.tcp(...of)),
    sni: (...of) => inDbeaver(pgjdbc.recipes.sni(...of)),
    socks5: () => ({ unsupported: 'Its SOCKS settings are not tested with Penstock. Use tcp or sni.' }),
    httpConnect: pgjdbc.recipes.httpConnect,
  },
};

function inDbeaver(recipe: ReturnType<Driver['recipes']['tcp']>) {
  if ('unsupported' in recipe) return recipe;
  const connect = recipe.connect.replace(/user=[^&]*&/, '');
  const notes = recipe.notes.filter((id) => id !== 'jdbc-password');
  return { connect, notes: ['dbeaver', ...notes] as const };
}
