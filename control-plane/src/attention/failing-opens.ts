import { evaluateConnection } from '../alerts/evaluate-connection.ts';
import type { ConnectionSnapshot, FailingOpens } from '../alerts/fleet-snapshot.ts';
import type { AttentionSeverity } from './attention-group.ts';

/** Milliseconds without a success after which the latest open counts although few of all opens failed. */
const UNANSWERED_MS = 10_000;

/**
 * How severe the failed opens of a connection are; undefined if the latest open succeeded. An alert waits for
 * `failingOpensMinimum` failures, so that it wakes nobody up for one. Somebody who looks must not be told that all is well
 * while the only client so far was refused.
 */
export function severityOfOpens(
  outcome: ConnectionSnapshot,
  limits: FailingOpens,
): Extract<AttentionSeverity, 'critical' | 'warning'> | undefined {
  const { opened, failed, sinceOpened = Number.POSITIVE_INFINITY, sinceFailed } = outcome;
  if (evaluateConnection(outcome, limits)?.isDecided === true) return 'critical';
  if (failed === 0 || sinceFailed === undefined || sinceFailed >= sinceOpened) return undefined;
  if ((failed / (opened + failed)) * 100 >= limits.percent) return 'critical';
  return sinceOpened >= UNANSWERED_MS ? 'warning' : undefined;
}
