import { closeCodes } from '@penstock/wire';
import type { ActiveCondition } from './active-condition.ts';
import type { ConnectionSnapshot, FailingOpens } from './fleet-snapshot.ts';

/** Part of the window without a failed open after which a firing alert is resolved, if an open has succeeded since. */
const QUIET_SHARE = 1 / 5;
/** A firing alert is resolved when the share of failed opens falls below this part of the threshold. */
const RECOVERED_SHARE = 1 / 2;
/** Milliseconds without any open for which an alert keeps its state. */
export const MAX_IDLE_MS = 60 * 60_000;
/** Codes that a detail names. */
const MAX_NAMED_CODES = 3;

/**
 * Whether connection-failing holds for a connection. Between the two thresholds, and for a while without any open, the
 * answer is that nobody knows: an alert keeps its state, and does not fire and resolve with each client that retries.
 */
export function evaluateConnection(
  outcome: ConnectionSnapshot,
  { percent, minimum, windowMs }: FailingOpens,
): { readonly condition: ActiveCondition; readonly isDecided: boolean } | undefined {
  const { connection, opened, failed, sinceOpened, sinceFailed, idle } = outcome;
  const share = failed / Math.max(1, opened + failed);
  const condition: ActiveCondition = {
    condition: 'connection-failing',
    subject: `connection:${connection}`,
    pool: undefined,
    detail: describeOpens(outcome, windowMs),
  };
  const hasRecovered =
    sinceOpened !== undefined && (sinceFailed === undefined || sinceOpened < sinceFailed)
      ? (sinceFailed ?? Number.POSITIVE_INFINITY) >= windowMs * QUIET_SHARE
      : false;
  if (!hasRecovered && failed >= minimum && share * 100 >= percent) return { condition, isDecided: true };
  if (hasRecovered || idle >= Math.max(MAX_IDLE_MS, windowMs)) return undefined;
  const isBelow = opened > 0 && share * 100 < percent * RECOVERED_SHARE;
  return isBelow ? undefined : { condition, isDecided: false };
}

/** How many of the opens failed, and why; empty if none did. */
export function describeOpens(
  { opened, failed, codes }: Pick<ConnectionSnapshot, 'opened' | 'failed' | 'codes'>,
  windowMs: number,
): string {
  const [most] = codes;
  if (most === undefined) return '';
  const named = codes.slice(0, MAX_NAMED_CODES).map(({ code, count }) => `${count} × ${code}`);
  const window =
    windowMs >= 120_000 ? `${Math.round(windowMs / 60_000)} min` : `${Math.round(windowMs / 1000)} s`;
  return `${failed} of ${opened + failed} opens in the last ${window} failed: ${named.join(', ')}. ${closeCodes[most.code].message}`;
}
