import { remedyFor } from '../../parts/remedy.ts';

type Group = {
  readonly code: string;
  readonly state?: string | undefined;
  readonly pool?: string | undefined;
  readonly connector?: string | undefined;
  readonly reach?: string | undefined;
  readonly connections: readonly string[];
};

/** Equal for the same group at another time. */
export const keyOf = ({ code, state, pool, connector, reach, connections }: Group): string =>
  [code, state, pool, connector, reach, pool === undefined ? connections.join(' ') : ''].join('|');

/** Where it is, before the sentence: `dc1, orders-db:`. */
export function placeOf({ pool, connector, code, connections }: Group): string {
  const parts = [pool, connector].filter((part) => part !== undefined);
  if (parts.length > 0) return `${parts.join(', ')}:`;
  if (code === 'connection-failing' && connections.length === 1) return `${connections[0]}:`;
  return code === 'STORE_UNAVAILABLE' || code === 'GATEWAY_NOT_READY' ? 'This gateway:' : '';
}

/** The page of the fleet with exactly the agents of a group. */
export function agentsOf({ code, pool, connector }: Group): string {
  const query = new URLSearchParams({
    ...(pool !== undefined && { pool }),
    ...(/^[A-Z_]+$/.test(code) && { code }),
    ...(connector !== undefined && { connector }),
  });
  return `/fleet?${query}`;
}

/** Where the advice for a group can be followed; undefined where the links to its agents and connections are all there is. */
export function remedyForGroup(
  group: Group & { readonly agents: readonly string[]; readonly count: number },
) {
  const { code, pool, connections, count } = group;
  const agent = count === 1 ? group.agents[0] : undefined;
  const remedy = remedyFor(code, { agent, pool, connection: connections[0] });
  return remedy?.href === `/agents/${agent}` ? undefined : remedy;
}

/** What is about connections themselves comes before what is about one of their pools, within the order of the gateway. */
export function inOrder<Item extends Group & { readonly severity: string }>(items: readonly Item[]): Item[] {
  const rank = ({ severity, pool }: Item) => (severity === 'critical' ? 0 : 2) + (pool === undefined ? 0 : 1);
  return items.toSorted((one, other) => rank(one) - rank(other));
}
