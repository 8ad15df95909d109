import { type Static, type TInteger, Type } from '@penstock/json-schema';
import { rolloutAgentStates, rolloutStates, skipReasons } from '@penstock/rollouts/rollout';
import { labelPattern, Name, Timestamp } from './field.ts';
import { PageQuery, pageOf } from './page.ts';

const Percent = (description: string) => Type.Integer({ minimum: 1, maximum: 100, description });
const Seconds = (description: string) => Type.Number({ minimum: 0, maximum: 30 * 86_400, description });

/** How a rollout proceeds. Without a field, the `upgrade` of its pools in gateway.yaml counts, the most careful of several. */
export const NewRolloutSettings = Type.Object(
  {
    canaryPercent: Type.Optional(Percent('Share of the agents that are canaries; at most 5 agents.')),
    soakSeconds: Type.Optional(Seconds('How long the canaries are observed.')),
    groupSoakSeconds: Type.Optional(Seconds('How long each group is observed.')),
    inFlightPercent: Type.Optional(Percent('Share of a pool that changes at the same time.')),
    deadlineSeconds: Type.Optional(Seconds('Time for an agent to run the version after it was offered.')),
    probationSeconds: Type.Optional(Seconds('How long an agent must run it without a fault.')),
    maxFailedPercent: Type.Optional(Percent('Share of a group that must fail to halt the rollout.')),
  },
  { additionalProperties: false },
);
export type NewRolloutSettings = Static<typeof NewRolloutSettings>;

export const NewRollout = Type.Object(
  {
    config: Type.Optional(
      Type.Object(
        {
          pool: Name,
          version: Type.Integer({
            minimum: 1,
            maximum: Number.MAX_SAFE_INTEGER,
            description: 'A version that has been published for the pool.',
          }),
        },
        { additionalProperties: false, description: 'Rolls out a configuration.' },
      ),
    ),
    software: Type.Optional(
      Type.Object(
        {
          pools: Type.Array(Name, { minItems: 1, maxItems: 1000, uniqueItems: true }),
          version: Type.String({
            pattern: '^[0-9]{1,6}\\.[0-9]{1,6}\\.[0-9]{1,6}(-[0-9A-Za-z.-]{1,40})?$',
            description: 'A release.',
          }),
        },
        { additionalProperties: false, description: 'Rolls out a version of the software.' },
      ),
    ),
    settings: Type.Optional(NewRolloutSettings),
    onFailure: Type.Optional(
      Type.Enum(['roll-back', 'halt'], {
        description: 'What follows when too many agents have failed. The default is `roll-back`.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Exactly one of `config` and `software` must be present.' },
);
export type NewRollout = Static<typeof NewRollout>;

export const RolloutSettings = Type.Object({
  canaryPercent: Type.Integer(),
  soakSeconds: Type.Number(),
  groupSoakSeconds: Type.Number(),
  inFlightPercent: Type.Integer(),
  deadlineSeconds: Type.Number(),
  probationSeconds: Type.Number(),
  maxFailedPercent: Type.Integer(),
});

export const RolloutResource = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['config', 'software']),
  version: Type.String({ description: 'The version of the file, or of the software.' }),
  digest: Type.Optional(Type.String({ description: 'Of the configuration.' })),
  pools: Type.Array(Name),
  state: Type.Enum([...rolloutStates], {
    description:
      '`draft`: waits for an approval. `canary`, `soaking`, `group`: in progress. `halted`: too many agents have failed.',
  }),
  group: Type.Optional(Type.Integer({ description: 'The group that is in progress, counted from 1.' })),
  groups: Type.Integer({ description: 'The number of groups after the canaries.' }),
  phase: Type.Optional(Type.Enum(['waiting-window', 'active', 'soaking'])),
  until: Type.Optional(Timestamp),
  waitsFor: Type.Optional(Type.String({ description: 'Why nothing is started at the moment.' })),
  opensAt: Type.Optional(Type.String({ format: 'date-time', description: 'When it goes on.' })),
  reason: Type.Optional(Type.String({ description: 'Why it was paused, halted, or goes back.' })),
  by: Type.Optional(Type.String({ description: 'Who paused or cancelled it.' })),
  overriddenBy: Type.Optional(
    Type.String({ description: 'Who has it go on regardless of windows, freezes and `minReady`.' }),
  ),
  onFailure: Type.Enum(['roll-back', 'halt']),
  settings: RolloutSettings,
  createdAt: Timestamp,
  createdBy: Type.String(),
  updatedAt: Timestamp,
});
export type RolloutResource = Static<typeof RolloutResource>;

export const RolloutAgentResource = Type.Object({
  id: Type.String(),
  name: Name,
  pool: Name,
  group: Type.Integer({ description: '0 for canaries.' }),
  state: Type.Enum([...rolloutAgentStates]),
  since: Timestamp,
  deadline: Type.Optional(Timestamp),
  skipped: Type.Optional(
    Type.Enum(Object.keys(skipReasons) as (keyof typeof skipReasons)[], {
      description: 'Why it was skipped.',
    }),
  ),
  reason: Type.Optional(Type.String({ description: 'Why it failed, or what it waits for.' })),
  before: Type.Optional(Type.String({ description: 'What it ran before.' })),
  action: Type.Optional(Type.String({ description: 'What somebody has to do for this agent.' })),
});
export type RolloutAgentResource = Static<typeof RolloutAgentResource>;

const counts = Type.Object(
  Object.fromEntries(rolloutAgentStates.map((state) => [state, Type.Integer()])) as Record<
    (typeof rolloutAgentStates)[number],
    TInteger
  >,
  { description: 'The number of agents by state.' },
);

export const RolloutDetail = Type.Object({
  ...RolloutResource.properties,
  counts,
  agents: Type.Array(RolloutAgentResource, { description: 'By group and name.' }),
});
export type RolloutDetail = Static<typeof RolloutDetail>;

export const RolloutPreview = Type.Object({
  kind: Type.Enum(['config', 'software']),
  version: Type.String(),
  pools: Type.Array(Name),
  settings: RolloutSettings,
  groups: Type.Array(
    Type.Object({
      group: Type.Integer({ description: '0 for canaries.' }),
      agents: Type.Array(Name),
    }),
    { description: 'The agents that would take part, in order.' },
  ),
  skipped: Type.Array(
    Type.Object({
      name: Name,
      skipped: Type.Enum(Object.keys(skipReasons) as (keyof typeof skipReasons)[]),
    }),
  ),
  opensAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When it could begin, if it could not now.' }),
  ),
  waitsFor: Type.Optional(Type.String()),
});
export type RolloutPreview = Static<typeof RolloutPreview>;

export const RolloutQuery = Type.Object(
  {
    ...PageQuery.properties,
    state: Type.Optional(Type.Enum(['open'], { description: 'Only rollouts that have not ended.' })),
  },
  { additionalProperties: false },
);

export const RolloutPage = pageOf(RolloutResource);

export const RolloutPause = Type.Object(
  {
    reason: Type.Optional(
      Type.String({ pattern: labelPattern(200), description: 'Why, for others; at most 200 characters.' }),
    ),
  },
  { additionalProperties: false },
);

export const RolloutCancel = Type.Object(
  {
    rollBack: Type.Optional(
      Type.Boolean({ description: 'Has the agents go back. By default, they stay where they are.' }),
    ),
  },
  { additionalProperties: false },
);
