import type { AlertDeliveryRow, AlertRow } from '@penstock/store';
import Type, { type Static } from 'typebox';
import { alertConditionTexts } from '../alerts/alert-conditions.ts';
import { agentNameOf, conditionTextOf } from '../alerts/message.ts';
import { Timestamp, timestamp } from './schema.ts';

const known = Object.keys(alertConditionTexts).join(', ');

export const AlertState = Type.Enum(['firing', 'resolved']);

/** One time that a condition of gateway.yaml held for one subject. */
export const AlertResource = Type.Object({
  id: Type.String(),
  state: AlertState,
  condition: Type.String({
    description: `One of ${known}; an older release may have had others.`,
  }),
  subject: Type.String({
    description: '`agent:NAME`, `pool:NAME`, `connector:POOL/AGENT/NAME` or `gateway`.',
  }),
  pool: Type.Optional(Type.String()),
  sentence: Type.String({ description: 'What the condition says.' }),
  detail: Type.String({ description: 'What was particular when it fired.' }),
  advice: Type.String({ description: 'What to do.' }),
  since: Timestamp,
  firedAt: Timestamp,
  resolvedAt: Type.Optional(Timestamp),
});
export type AlertResource = Static<typeof AlertResource>;

/** The delivery of one alert notification to one receiver. */
export const AlertDelivery = Type.Object({
  receiver: Type.String(),
  kind: AlertState,
  state: Type.Enum(['pending', 'delivered', 'abandoned']),
  attempts: Type.Integer(),
  messageId: Type.Optional(Type.String()),
  lastError: Type.Optional(Type.String()),
  createdAt: Timestamp,
  nextAttemptAt: Type.Optional(Timestamp),
  settledAt: Type.Optional(Timestamp),
});

export function alertResource(alert: AlertRow): AlertResource {
  const { id, state, condition, subject, pool, detail } = alert;
  const { sentence, advice } = conditionTextOf(condition);
  return {
    id,
    state,
    condition,
    subject,
    ...(pool !== null && { pool }),
    sentence,
    detail,
    advice: advice.replaceAll('…', agentNameOf(subject)),
    since: timestamp(alert.since),
    firedAt: timestamp(alert.firedAt),
    ...(alert.resolvedAt !== null && { resolvedAt: timestamp(alert.resolvedAt) }),
  };
}

export function alertDelivery(row: AlertDeliveryRow): Static<typeof AlertDelivery> {
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
