import { hostPort } from '../ingress-endpoint.ts';
import type { NoteId } from '../notes.ts';
import type { Driver } from '../recipe.ts';

/** For drivers without support for proxies. */
export const noProxy = (name: string) => ({
  unsupported: `${name} does not support proxies. Use tcp or sni.`,
});

/** Whose certificate the driver sees. */
export const certificateNotes = (mode: 'passthrough' | 'terminate'): NoteId[] =>
  mode === 'terminate' ? ['terminate-name', 'terminate-binding'] : ['passthrough-name'];

/** psql accepts libpq's URI as its argument; other programs that use libpq accept it as their `conninfo`. */
export const libpqRecipes = (before: string, after: string, name = 'libpq'): Driver['recipes'] => ({
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
  socks5: () => noProxy(name),
  httpConnect: () => noProxy(name),
});

export const psql: Driver = {
  name: 'psql',
  title: 'psql',
  kind: 'postgresql',
  recipes: libpqRecipes("psql '", "'"),
};

export const libpq: Driver = {
  name: 'libpq',
  title: 'libpq (PHP, Ruby, and others)',
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
