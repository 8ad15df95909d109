import Type, { type Static } from 'typebox';

/** Outcome of a test notification. */
export const ReceiverTestResult = Type.Object({
  receiver: Type.String(),
  delivered: Type.Boolean(),
  milliseconds: Type.Integer(),
  detail: Type.String({ description: "The receiver's answer, or why there was none." }),
});
export type ReceiverTestResult = Static<typeof ReceiverTestResult>;
