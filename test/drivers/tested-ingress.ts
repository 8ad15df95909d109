import {
  type Driver,
  type IngressEndpoint,
  type Placeholders,
  recipeFor,
} from '@penstock/connection-strings';
import type { TestAuthority } from '../rig/certificates.ts';
import { type Pair, startPair } from '../rig/pair.ts';

type Entry = (connection: string) => Readonly<Record<string, unknown>>;

const FROM_HERE = { allow: ['127.0.0.0/8'] };

/** Every kind of ingress that drivers are tested with, as in gateway.yaml. */
const entries = {
  tcp: () => ({ tcp: '127.0.0.1:0', ...FROM_HERE }),
  'sni passthrough': (name) => ({
    sni: { listen: '127.0.0.1:0', host: `${name}.passthrough.example` },
    mode: 'passthrough',
    ...FROM_HERE,
  }),
  'sni terminate': (name) => ({
    sni: { listen: '127.0.0.1:0', host: `${name}.terminate.example` },
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
  'httpConnect in plaintext': () => ({
    httpConnect: { listen: '127.0.0.2:0' },
    grant: 'none',
    tls: 'off',
    ...FROM_HERE,
  }),
} satisfies Readonly<Record<string, Entry>>;

export type IngressVariant = keyof typeof entries;

const entryOf = (name: IngressVariant, connection: string): ReturnType<Entry> => {
  const entry: Entry = entries[name];
  return entry(connection);
};

/** Returns the names that certificates need for the SNI ingress of a connection. */
export const serverNames = (connection: string): string[] => [
  `${connection}.passthrough.example`,
  `${connection}.terminate.example`,
];

export type TestedConnection = {
  readonly port: number;
  readonly kind: 'postgresql' | 'mysql' | 'redis' | 'sqlserver' | 'http';
  readonly variants: readonly IngressVariant[];
};

/**
 * Starts a pair whose connections have the given ingress. The authority issues the certificate with which the gateway
 * terminates TLS, and the agents trust it for their TLS with the targets.
 */
export async function startPairWithIngress(
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
      connections: names.map(([name, { kind, variants }]) => ({
        name,
        connector: name,
        kind,
        pools: ['dc1'],
        ingress: variants.map((variant) => entryOf(variant, name)),
      })),
    },
    agent: {
      connectors: names.map(([name, { kind, port, variants }]) => ({
        name,
        kind,
        address: `127.0.0.1:${port}`,
        ...(variants.includes('sni terminate') && { tls: { mode: 'verify-full', ca: '${env:DATABASES}' } }),
      })),
    },
  });
}

/** Fields that distinguish two ingress of one kind. */
const distinguishing = ['mode', 'grant', 'tls'] as const;

type IngressAnswer = IngressEndpoint & { readonly address: string };

/** Returns the endpoint as reported by the API, with this host as the gateway's name. */
export async function endpointOf(
  pair: Pair,
  connection: string,
  name: IngressVariant,
): Promise<IngressEndpoint> {
  const { items } = (await pair.api('GET /connections')) as unknown as {
    items: { name: string; ingress: IngressAnswer[] }[];
  };
  const wanted = entryOf(name, connection);
  const ingress = items
    .find((each) => each.name === connection)
    ?.ingress.find(
      (each) =>
        each.kind in wanted &&
        distinguishing.every(
          (key) =>
            !(key in wanted) ||
            Object.entries(each).some(([name, value]) => name === key && value === wanted[key]),
        ),
    );
  if (ingress === undefined) throw new Error(`${connection} has no ingress ${name}.`);
  const { address, ...endpoint } = ingress;
  return { ...endpoint, host: endpoint.kind === 'sni' ? endpoint.host : address };
}

/** Creates a grant for a connection and returns the part that is used in a host name. */
export async function grantLabel(pair: Pair, connection: string): Promise<string> {
  const { grant } = await pair.api('POST /grants', { connections: [connection] });
  return String(grant).replace('pst_grant_', '');
}

/** Returns what `connection url` prints for a driver: the connection string, and additional JVM options. */
export function printedFor(
  driver: Driver,
  endpoint: IngressEndpoint,
  blanks: Pick<Placeholders, 'connection' | 'user' | 'database'> & Partial<Placeholders>,
): { readonly connect: string; readonly properties: Readonly<Record<string, string>> } {
  const recipe = recipeFor(driver, endpoint, { grant: 'GRANT', target: undefined, ...blanks });
  if ('unsupported' in recipe) throw new Error(`${driver.name} by ${endpoint.kind}: ${recipe.unsupported}`);
  const properties = (recipe.also ?? []).map((option) => option.replace(/^-D/, '').split('=', 2));
  return { connect: recipe.connect, properties: Object.fromEntries(properties) };
}

export function driverNamed(drivers: readonly Driver[], name: string): Driver {
  const driver = drivers.find((each) => each.name === name);
  if (driver === undefined) throw new Error(`connection url does not support the driver ${name}.`);
  return driver;
}
