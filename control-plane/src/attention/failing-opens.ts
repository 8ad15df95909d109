import { describeOpens, evaluateConnection, MAX_IDLE_MS } from '../alerts/evaluate-connection.ts';
import type { ConnectionSnapshot, FailingOpens } from '../alerts/fleet-snapshot.ts';
import type { AttentionSeverity } from './attention-group.ts';

/** Milliseconds without a success after which the latest open counts although few of all opens failed. */
const UNANSWERED_MS = 10_000;

/**
 * How severe the failed opens of a connection are; undefined if the latest open succeeded. An alert waits for
 * `failingOpensMinimum` failures, so that it wakes nobody up for one. Somebody who looks must not be told that all is well
 * while the only client so far was refused, and nobody has been served since.
 */
export function severityOfOpens(
  outcome: ConnectionSnapshot,
  limits: FailingOpens,
): Extract<AttentionSeverity, 'critical' | 'warning'> | undefined {
  const { opened, failed, sinceOpened = Number.POSITIVE_INFINITY, sinceFailed, idle } = outcome;
  if (evaluateConnection(outcome, limits)?.isDecided === true) return 'critical';
  if (sinceFailed === undefined || sinceFailed >= sinceOpened) return undefined;
  // Nobody has tried since: after as long as an alert keeps its state, nobody knows either.
  if (failed === 0) return idle < MAX_IDLE_MS ? 'warning' : undefined;
  const isShareHigh = failed * 100 >= (opened + failed) * limits.percent;
  return isShareHigh || sinceOpened >= UNANSWERED_MS ? 'warning' : undefined;
}

/** How many of the opens failed, and why; or that the latest one did, before the window. */
export function detailOfOpens(outcome: ConnectionSnapshot, windowMs: number): string {
  const described = describeOpens(outcome, windowMs);
  return described === '' ? 'Nobody has connected since the latest open failed.' : described;
}
