import { type Candidate, chooseSession } from './choose-session.ts';
import type { Route } from './route-table.ts';

/** Whether some agent could take a client of this connection now. */
export function isServiceable(route: Route, sessionsOf: (pool: string) => Iterable<Candidate>): boolean {
  const choice = { connector: route.connector, isWanted: () => true, random: () => 0 };
  return route.pools.some((pool) => chooseSession(sessionsOf(pool), choice) !== undefined);
}
