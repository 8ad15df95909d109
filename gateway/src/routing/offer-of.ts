import type { Route } from './route-table.ts';

export { hostPortText } from '../tunnel/host-port-text.ts';

/** Whether an address is one of a connection's target. `unknown` while no agent is there that could tell. */
export type Offer = 'offered' | 'not-offered' | 'unknown';

type Offering = { offers(connector: string, address?: string): boolean };

/** Asks the agents of a connection's pools. `address` is as `hostPortText` writes it. */
export function offerOf(
  { connector, pools }: Route,
  address: string,
  sessionsOf: (pool: string) => Iterable<Offering>,
): Offer {
  let known = false;
  for (const pool of pools) {
    for (const session of sessionsOf(pool)) {
      if (!session.offers(connector)) continue;
      if (session.offers(connector, address)) return 'offered';
      known = true;
    }
  }
  return known ? 'not-offered' : 'unknown';
}
