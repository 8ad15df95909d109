import { TunnelError } from '@penstock/wire';
import type { Route } from './route-table.ts';
import type { RoutableSession, UnavailableReason } from './session-contract.ts';

/** Adds to the failure of a wait why the connected agents were no use. A quarantined pool is not an empty one. */
export function withUnavailable(
  error: unknown,
  { pools }: Pick<Route, 'pools'>,
  sessionsOf: (pool: string) => Iterable<Pick<RoutableSession, 'identity' | 'unavailableReason'>>,
): unknown {
  if (!(error instanceof TunnelError)) return error;
  const agents = new Map<string, UnavailableReason | undefined>();
  for (const session of pools.flatMap((pool) => [...sessionsOf(pool)])) {
    agents.set(session.identity.agentId, session.unavailableReason);
  }
  const reasons = [...agents.values()].filter((reason) => reason !== undefined);
  if (reasons.length === 0) return error;
  const counts = [...Map.groupBy(reasons, (reason) => reason)].map(
    ([reason, { length }]) => `${length} ${inWords[reason]}`,
  );
  return new TunnelError(error.code, `${error.message} Connected agents: ${counts.join(', ')}.`);
}

const inWords: Readonly<Record<UnavailableReason, string>> = {
  draining: 'draining',
  full: 'at the stream limit',
  'identity-expired': 'with an expired certificate',
  suspended: 'drained by an operator or quarantined',
  'replica-away': 'at a replica that cannot be reached',
};
