import { type Driver, type IngressEndpoint, type Placeholders, recipeFor } from '@penstock/operator';
import type { TestAuthority } from '../rig/certificates.ts';
import { type Pair, startPair } from '../rig/pair.ts';

type Entry = (connection: string) => Readonly<Record<string, unknown>>;

const FROM_HERE = { allow: ['127.0.0.0/8'] };

/** Every way in that drivers are tested on, as gateway.yaml has it; another one is a line here. */
const entries = {
  tcp: () => ({ tcp: '127.0.0.1:0', ...FROM_HERE }),
  'sni passthrough': (name) => ({
    sni: { listen: '127.0.0.1:0', host: `${name}.through.example` },
    mode: 'passthrough',
    ...FROM_HERE,
  }),
  'sni terminate': (name) => ({
    sni: { listen: '127.0.0.1:0', host: `${name}.ended.example` },
    mode: 'terminate',
    ...FROM_HERE,
  }),
  'socks5 with a grant': () => ({ socks5: { listen: '127.0.0.1:0' }, grant: 'required', ...FROM_HERE }),
  'socks5 without a grant': () => ({ socks5: { listen: '127.0.0.2:0' }, grant: 'none', ...FROM_HERE }),
  'httpConnect with a grant': () => ({
    httpConnect: { listen: '127.0.0.1:0' },
    grant: 'required',
    tls: 'on',
    ...FROM_HERE,
  }),
  'httpConnect in clear text': () => ({
    httpConnect: { listen: '127.0.0.2:0' },
    grant: 'none',
    tls: 'off',
    ...FROM_HERE,
  }),
} satisfies Readonly<Record<string, Entry>>;

export type WayName = keyof typeof entries;

const entryOf = (name: WayName, connection: string): ReturnType<Entry> => {
  const entry: Entry = entries[name];
  return entry(connection);
};

/** Names that certificates need for the ways in by SNI of a connection. */
export const serverNames = (connection: string): string[] => [
  `${connection}.through.example`,
  `${connection}.ended.example`,
];

export type TestedConnection = {
  readonly port: number;
  readonly kind: 'postgresql' | 'mysql' | 'redis' | 'sqlserver' | 'http';
  readonly ways: readonly WayName[];
};

/**
 * A pair whose connections have the ways in that are asked for. The authority issues what the gateway shows where TLS
 * ends there, and the agents trust it for their own TLS with the targets.
 */
export async function startPairWithWays(
  connections: Readonly<Record<string, TestedConnection>>,
  authority: TestAuthority,
): Promise<Pair> {
  const names = Object.entries(connections);
  const gateway = await authority.issue({
    commonName: 'gateway',
    names: ['127.0.0.1', ...Object.keys(connections).flatMap(serverNames)],
  });
  return await startPair({
    targets: Object.fromEntries(names.map(([name, { port }]) => [name, port])),
    environment: {
      INGRESS_CERTIFICATE: gateway.chain,
      INGRESS_KEY: gateway.key,
      DATABASES: authority.certificate,
    },
    gateway: {
      ingressTls: { certificate: '${env:INGRESS_CERTIFICATE}', key: '${env:INGRESS_KEY}' },
      connections: names.map(([name, { kind, ways }]) => ({
        name,
        connector: name,
        kind,
        pools: ['dc1'],
        ingress: ways.map((way) => entryOf(way, name)),
      })),
    },
    agent: {
      connectors: names.map(([name, { kind, port, ways }]) => ({
        name,
        kind,
        address: `127.0.0.1:${port}`,
        ...(ways.includes('sni terminate') && { tls: { mode: 'verify-full', ca: '${env:DATABASES}' } }),
      })),
    },
  });
}

/** What tells two ways in of one kind apart. */
const told = ['mode', 'grant', 'tls'] as const;

type IngressAnswer = IngressEndpoint & { readonly address: string };

/** The way as the API tells it, with this host as the gateway's name. */
export async function wayInto(pair: Pair, connection: string, name: WayName): Promise<IngressEndpoint> {
  const { items } = (await pair.api('GET /connections')) as unknown as {
    items: { name: string; ingress: IngressAnswer[] }[];
  };
  const wanted = entryOf(name, connection);
  const ingress = items
    .find((each) => each.name === connection)
    ?.ingress.find(
      (each) =>
        each.kind in wanted &&
        told.every(
          (key) =>
            !(key in wanted) ||
            Object.entries(each).some(([name, value]) => name === key && value === wanted[key]),
        ),
    );
  if (ingress === undefined) throw new Error(`${connection} has no way in of the kind ${name}.`);
  const { address, ...way } = ingress;
  return { ...way, host: way.kind === 'sni' ? way.host : address };
}

/** The part of a new grant for a connection that stands in a host name. */
export async function grantLabel(pair: Pair, connection: string): Promise<string> {
  const { grant } = await pair.api('POST /grants', { connections: [connection] });
  return String(grant).replace('pst_grant_', '');
}

/** What `connection url` prints for a driver: the string, and the options of the JVM beside it. */
export function printedFor(
  driver: Driver,
  way: IngressEndpoint,
  blanks: Pick<Placeholders, 'connection' | 'user' | 'database'> & Partial<Placeholders>,
): { readonly connect: string; readonly properties: Readonly<Record<string, string>> } {
  const recipe = recipeFor(driver, way, { grant: 'GRANT', target: undefined, ...blanks });
  if ('unsupported' in recipe) throw new Error(`${driver.name} by ${way.kind}: ${recipe.unsupported}`);
  const properties = (recipe.also ?? []).map((option) => option.replace(/^-D/, '').split('=', 2));
  return { connect: recipe.connect, properties: Object.fromEntries(properties) };
}

export function driverNamed(drivers: readonly Driver[], name: string): Driver {
  const driver = drivers.find((each) => each.name === name);
  if (driver === undefined) throw new Error(`connection url knows no driver ${name}.`);
  return driver;
}
