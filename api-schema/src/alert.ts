import { alertConditions } from '@penstock/config-schema/vocabulary';
import { type Static, Type } from '@penstock/json-schema';
import { Timestamp } from './field.ts';
import { PageQuery, pageOf } from './page.ts';

const AlertState = Type.Enum(['firing', 'resolved']);

export const AlertQuery = Type.Object(
  { ...PageQuery.properties, state: Type.Optional(AlertState) },
  { additionalProperties: false },
);

/** A period during which an alert condition of gateway.yaml was true for one subject. */
export const AlertResource = Type.Object({
  id: Type.String(),
  state: AlertState,
  condition: Type.String({
    description: `One of ${alertConditions.join(', ')}. Alerts recorded by an older release may have other conditions.`,
  }),
  subject: Type.String({
    description: '`agent:NAME`, `pool:NAME`, `connection:NAME`, `connector:POOL/AGENT/NAME` or `gateway`.',
  }),
  pool: Type.Optional(Type.String()),
  message: Type.String({ description: 'The condition in words.' }),
  detail: Type.String({ description: 'Specifics at the time the alert fired.' }),
  advice: Type.String({ description: 'What to do.' }),
  command: Type.Optional(Type.String({ description: 'The command of penstock-gateway for it.' })),
  since: Timestamp,
  firedAt: Timestamp,
  resolvedAt: Type.Optional(Timestamp),
  silencedBy: Type.Optional(
    Type.String({ description: 'ID of the silence because of which no receiver is notified now.' }),
  ),
});
export type AlertResource = Static<typeof AlertResource>;

/** A notification of an alert to one receiver. */
export const AlertNotification = Type.Object({
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
export type AlertNotification = Static<typeof AlertNotification>;

export const AlertDetail = Type.Intersect([
  AlertResource,
  Type.Object({ notifications: Type.Array(AlertNotification, { description: 'Oldest first.' }) }),
]);
export type AlertDetail = Static<typeof AlertDetail>;

export const AlertPage = pageOf(AlertResource);
