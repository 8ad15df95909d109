import Type, { type Static } from 'typebox';
import { Name, Timestamp } from './field.ts';
import { listOf } from './page.ts';

/** The published version that a pool or an agent is expected to run. */
export const PinResource = Type.Object({
  scope: Type.Enum(['pool', 'agent'], { description: "An agent's pin overrides the pin of its pool." }),
  name: Name,
  version: Type.Integer(),
  digest: Type.String(),
  pinnedAt: Timestamp,
  pinnedBy: Type.String(),
});
export type PinResource = Static<typeof PinResource>;

export const PinList = listOf(PinResource);

export const NewPin = Type.Object(
  {
    version: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'A version that has been published for the pool.',
    }),
  },
  { additionalProperties: false },
);

export const RemovedPin = Type.Object({ scope: Type.Enum(['pool', 'agent']), name: Name });
