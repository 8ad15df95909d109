import { type Candidate, chooseSession } from './choose-session.ts';
import type { Route } from './route-table.ts';

/** Whether any agent would accept a new client of this connection. */
export function isServiceable(route: Route, sessionsOf: (pool: string) => Iterable<Candidate>): boolean {
  const choice = { connector: route.connector, isWanted: () => true, random: () => 0 };
  return route.pools.some((pool) => chooseSession(sessionsOf(pool), choice) !== undefined);
}
