import type { Route } from './route-table.ts';
import type { RoutableSession } from './session-contract.ts';

/** Whether an address belongs to the target of a connection; `unknown` while no agent offers its connector. */
export type Offer = 'offered' | 'not-offered' | 'unknown';

type Offering = Pick<RoutableSession, 'offers'>;

/** Looks up an address, in the form of `hostPortText`, among those the agents of the connection's pools offer. */
export function offerOf(
  { connector, pools }: Route,
  address: string,
  sessionsOf: (pool: string) => Iterable<Offering>,
): Offer {
  let isKnown = false;
  for (const pool of pools) {
    for (const session of sessionsOf(pool)) {
      if (!session.offers(connector)) continue;
      if (session.offers(connector, address)) return 'offered';
      isKnown = true;
    }
  }
  return isKnown ? 'not-offered' : 'unknown';
}
