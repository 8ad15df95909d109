import type { Blanks, Driver, WayIn } from '@penstock/gateway';
import { recipeFor } from '@penstock/gateway';
import { type Pair, type PairOptions, startPair } from '../rig/pair.ts';

type Entry = (connection: string) => Readonly<Record<string, unknown>>;

const FROM_HERE = { allow: ['127.0.0.0/8'] };

/** Every way in that drivers are tested on, as gateway.yaml has it; another one is a line here. */
const entries = {
  tcp: () => ({ tcp: '127.0.0.1:0', ...FROM_HERE }),
} satisfies Readonly<Record<string, Entry>>;

export type WayName = keyof typeof entries;

const entryOf = (name: WayName, connection: string): ReturnType<Entry> => {
  const entry: Entry = entries[name];
  return entry(connection);
};

export type TestedConnection = {
  readonly port: number;
  readonly ways: readonly WayName[];
};

/** A pair whose connections have the ways in that are asked for. */
export async function startPairWithWays(
  connections: Readonly<Record<string, TestedConnection>>,
  options: Omit<PairOptions, 'targets'> = {},
): Promise<Pair> {
  const names = Object.keys(connections);
  return await startPair({
    ...options,
    targets: Object.fromEntries(names.map((name) => [name, connections[name]?.port ?? 0])),
    gateway: {
      ...options.gateway,
      connections: names.map((name) => ({
        name,
        connector: name,
        pools: ['dc1'],
        ingress: (connections[name]?.ways ?? []).map((way) => entryOf(way, name)),
      })),
    },
  });
}

type IngressAnswer = WayIn & { readonly address: string };

/** The way as the API tells it, with this host as the gateway's name. */
export async function wayInto(pair: Pair, connection: string, name: WayName): Promise<WayIn> {
  const { items } = (await pair.api('GET /connections')) as unknown as {
    items: { name: string; ingress: IngressAnswer[] }[];
  };
  const wanted = entryOf(name, connection);
  const ingress = items
    .find((each) => each.name === connection)
    ?.ingress.find((each) => each.kind in wanted && (!('mode' in wanted) || wanted['mode'] === modeOf(each)));
  if (ingress === undefined) throw new Error(`${connection} has no way in of the kind ${name}.`);
  const { address, ...way } = ingress;
  return { ...way, host: way.kind === 'sni' ? way.host : address };
}

const modeOf = (way: WayIn): string | undefined => (way.kind === 'sni' ? way.mode : undefined);

/** What `connection url` prints for a driver: the string, and the options of the JVM beside it. */
export function printedFor(
  driver: Driver,
  way: WayIn,
  blanks: Pick<Blanks, 'connection' | 'user' | 'database'> & Partial<Blanks>,
): { readonly connect: string; readonly properties: Readonly<Record<string, string>> } {
  const recipe = recipeFor(driver, way, { grant: 'GRANT', target: undefined, ...blanks });
  if ('not' in recipe) throw new Error(`${driver.name} by ${way.kind}: ${recipe.not}`);
  const properties = (recipe.also ?? []).map((option) => option.replace(/^-D/, '').split('=', 2));
  return { connect: recipe.connect, properties: Object.fromEntries(properties) };
}

export function driverNamed(drivers: readonly Driver[], name: string): Driver {
  const driver = drivers.find((each) => each.name === name);
  if (driver === undefined) throw new Error(`connection url knows no driver ${name}.`);
  return driver;
}
