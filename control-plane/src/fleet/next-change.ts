import {
  EXPIRY_WARNING_SHARE,
  type HealthLimits,
  identityNotAfter,
  type Judged,
  type Moment,
  silentSince,
} from './judge-agent.ts';

/** When time alone can next change what holds for an agent: after `now`, monotonic, or at `wall`, the date. */
export type NextChange = { readonly now: number; readonly wall: number };

/** Milliseconds until an agent is judged again although nothing is known to have changed. */
const MAX_UNJUDGED_MS = 60_000;

/** The earliest moments after `moment` at which a judgment of the same facts can differ. */
export function nextChangeOf(agent: Judged, limits: HealthLimits, { now, wall }: Moment): NextChange {
  const staleAt = silentSince(agent.record) + limits.staleAfter;
  const expiresAt = identityNotAfter(agent) ?? Number.POSITIVE_INFINITY;
  const warnedAt = expiresAt - limits.certificateLifetime * EXPIRY_WARNING_SHARE;
  return {
    now: Math.min(now + MAX_UNJUDGED_MS, staleAt >= now ? staleAt : Number.POSITIVE_INFINITY),
    wall: warnedAt >= wall ? warnedAt : expiresAt > wall ? expiresAt : Number.POSITIVE_INFINITY,
  };
}
