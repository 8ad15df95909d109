import { type Static, Type } from '@penstock/json-schema';
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

export const PinPreviewQuery = Type.Object(
  {
    version: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The version to pin; without it, the removal of the pin is previewed.',
      }),
    ),
    digest: Type.Optional(
      Type.String({
        pattern: '^sha256:[0-9a-f]{64}$',
        description: 'Digest of the version. Required if the version has not been published yet.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** What pins would do to the agents they apply to. */
export const PinImpact = Type.Object({
  agents: Type.Integer({ description: 'Agents that the change would apply to.' }),
  matching: Type.Integer({ description: 'Agents that run exactly the pinned version.' }),
  differing: Type.Integer({ description: 'Agents that run something else.' }),
  unknown: Type.Integer({ description: 'Agents whose configuration is not known yet.' }),
  quarantined: Type.Array(Name, {
    description: 'Agents that accept opens now and would be quarantined; at most 100 names.',
  }),
  quarantinedTotal: Type.Integer(),
  released: Type.Integer({ description: 'Agents that would leave quarantine.' }),
  drifting: Type.Array(Name, {
    description:
      'Agents with a session that would run something else without being quarantined; at most 100 names.',
  }),
  driftingTotal: Type.Integer(),
  away: Type.Array(Name, {
    description: 'Agents without a session, which are judged when they connect; at most 100 names.',
  }),
  awayTotal: Type.Integer(),
  ready: Type.Integer({ description: 'Agents of the pool that accept opens now.' }),
  readyAfter: Type.Integer({
    description: 'Agents of the pool that would still accept opens, or would again.',
  }),
});

/** What a pin would do to the agents it applies to. Nothing is changed. */
export const PinPreview = Type.Object({
  scope: Type.Enum(['pool', 'agent']),
  name: Name,
  version: Type.Optional(Type.Integer()),
  digest: Type.Optional(Type.String()),
  pinning: Type.Enum(['enforce', 'warn', 'off'], { description: 'Pinning mode of the pool.' }),
  ...PinImpact.properties,
});
export type PinPreview = Static<typeof PinPreview>;
