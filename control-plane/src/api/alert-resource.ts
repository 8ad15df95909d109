import type { AlertNotification, AlertResource } from '@penstock/api-schema';
import type { AlertDeliveryRow, AlertRow } from '@penstock/store';
import { commandOf, conditionTextOf } from '../alerts/message.ts';
import { timestamp } from './timestamp.ts';

/** `silencedBy` is the ID of the silence that matches it. */
export function alertResource(alert: AlertRow, silencedBy?: string): AlertResource {
  const { id, state, condition, subject, pool, detail } = alert;
  const text = conditionTextOf(condition);
  const command = commandOf(text, subject);
  return {
    id,
    state,
    condition,
    subject,
    ...(pool !== null && { pool }),
    message: text.message,
    detail,
    advice: text.advice,
    ...(command !== undefined && { command }),
    since: timestamp(alert.since),
    firedAt: timestamp(alert.firedAt),
    ...(alert.resolvedAt !== null && { resolvedAt: timestamp(alert.resolvedAt) }),
    ...(silencedBy !== undefined && { silencedBy }),
  };
}

export function alertNotification(row: AlertDeliveryRow): AlertNotification {
  const { receiver, kind, state, attempts, messageId, lastError, settledAt } = row;
  return {
    receiver,
    kind,
    state,
    attempts,
    ...(messageId !== null && { messageId }),
    ...(lastError !== null && { lastError }),
    createdAt: timestamp(row.createdAt),
    ...(state === 'pending' && attempts > 0 && { nextAttemptAt: timestamp(row.nextAt) }),
    ...(settledAt !== null && { settledAt: timestamp(settledAt) }),
  };
}
