import { type Static, Type } from '@penstock/json-schema';
import { AgentQuery } from './agent-row.ts';
import { Name } from './field.ts';

/** Agents of one bulk action. */
export const MAX_BULK_AGENTS = 1_000;

export const bulkActions = ['drain', 'resume', 'restart', 'pin', 'unpin', 'revoke'] as const;
export type BulkAction = (typeof bulkActions)[number];

const { q, state, code, pool, drift, version, configVersion, connector } = AgentQuery.properties;

export const BulkRequest = Type.Object(
  {
    action: Type.Enum([...bulkActions], {
      description: '`revoke` requires the role admin. `unpin` removes the pins of the agents themselves.',
    }),
    agents: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: MAX_BULK_AGENTS })),
    filter: Type.Optional(
      Type.Object(
        { q, state, code, pool, drift, version, configVersion, connector },
        {
          additionalProperties: false,
          description: 'Instead of `agents`: those that `GET /agents` lists with these filters.',
        },
      ),
    ),
    expected: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_BULK_AGENTS,
        description:
          'How many agents it is to concern. If it is another number, nothing is done. Required unless `dryRun`.',
      }),
    ),
    dryRun: Type.Boolean({
      default: false,
      description: 'Changes nothing: `items` has what would come of it, as far as the gateway knows.',
    }),
    version: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: '`pin` only: the published version.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type BulkRequest = Static<typeof BulkRequest>;

export const bulkOutcomes = ['done', 'waiting', 'unchanged', 'failed', 'skipped'] as const;

export const BulkItem = Type.Object({
  name: Name,
  outcome: Type.Enum([...bulkOutcomes], {
    description:
      '`waiting`: an admin has to approve it. `unchanged`: the agent is already like that. `skipped`: the time of the request ' +
      'was up before.',
  }),
  effect: Type.Optional(
    Type.Enum(['quarantined', 'drifting', 'released', 'away'], {
      description: '`dryRun` of `pin` and `unpin` only: what it would do to the agent.',
    }),
  ),
  approval: Type.Optional(Type.String({ description: 'ID of the approval.' })),
  code: Type.Optional(Type.String({ description: 'Problem code.' })),
  detail: Type.Optional(Type.String()),
});
export type BulkItem = Static<typeof BulkItem>;

export const BulkResult = Type.Object({
  action: Type.Enum([...bulkActions]),
  dryRun: Type.Boolean(),
  matched: Type.Integer({ description: 'Agents that it concerns.' }),
  counts: Type.Object(Object.fromEntries(bulkOutcomes.map((outcome) => [outcome, Type.Integer()]))),
  items: Type.Array(BulkItem, { description: 'In the order of `agents`, or by name.' }),
});
export type BulkResult = Static<typeof BulkResult>;
