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

/** The page on which the advice for a group can be followed; undefined where its agents and connections are all there is. */
export function remedyOf({
  code,
  pool,
  connections,
}: Group): { readonly href: string; readonly text: string } | undefined {
  const [connection] = connections;
  switch (code) {
    case 'CONFIG_DRIFT':
    case 'config-drift':
      return pool === undefined
        ? undefined
        : { href: `/config/${pool}`, text: `Versions and pin of ${pool}` };
    case 'pool-below-min-ready':
      return pool === undefined
        ? undefined
        : {
            href: `/fleet?pool=${pool}&state=identity-expired%2Cquarantined%2Cdraining%2Cstale%2Cdisconnected`,
            text: `Agents of ${pool} that are not ready`,
          };
    case 'queue-near-limit':
      return pool === undefined ? undefined : { href: `/pools/${pool}`, text: `Capacity of ${pool}` };
    case 'connection-failing':
      return connection === undefined
        ? undefined
        : { href: `/connections/${connection}`, text: `Which hop of ${connection} fails` };
    case 'rollout-halted':
    case 'software-outdated':
      return { href: '/rollouts', text: 'Rollouts' };
    default:
      return undefined;
  }
}

/** What is about connections themselves comes before what is about one of their pools, within the order of the gateway. */
export function inOrder<Item extends Group & { readonly severity: string }>(items: readonly Item[]): Item[] {
  const rank = ({ severity, pool }: Item) => (severity === 'critical' ? 0 : 2) + (pool === undefined ? 0 : 1);
  return items.toSorted((one, other) => rank(one) - rank(other));
}
