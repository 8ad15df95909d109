import { type Static, Type } from '@penstock/json-schema';
import { Name } from './field.ts';
import { listOf } from './page.ts';

/** A receiver of gateway.yaml, and its notifications since the gateway started. */
export const ReceiverResource = Type.Object({
  name: Name,
  format: Type.Optional(Type.Enum(['json', 'slack'])),
  conditions: Type.Optional(
    Type.Array(Type.String(), { description: 'Conditions of the alert rules that notify it.' }),
  ),
  delivered: Type.Integer(),
  failed: Type.Integer({ description: 'Failed attempts.' }),
  abandoned: Type.Integer({ description: 'Notifications that are not attempted again.' }),
  pending: Type.Integer({ description: 'Notifications that are queued.' }),
});
export type ReceiverResource = Static<typeof ReceiverResource>;

export const ReceiverList = listOf(ReceiverResource);

/** Outcome of a test notification. */
export const ReceiverTestResult = Type.Object({
  receiver: Type.String(),
  delivered: Type.Boolean(),
  milliseconds: Type.Integer(),
  detail: Type.String({ description: "The receiver's answer, or why there was none." }),
});
export type ReceiverTestResult = Static<typeof ReceiverTestResult>;
