import { type Static, Type } from '@penstock/json-schema';
import { effectiveConfigRequest } from '@penstock/wire';

/** The configuration an agent runs, compared with its pinned version. */
export const AgentConfigResource = Type.Object({
  ...effectiveConfigRequest.answer.properties,
  pinned: Type.Optional(
    Type.Object(
      {
        version: Type.Integer(),
        digest: Type.String(),
        changes: Type.Optional(
          Type.Array(
            Type.Object({
              path: Type.String({ description: 'Such as `connectors[orders-db].address`.' }),
              kind: Type.Enum(['added', 'removed', 'changed']),
              before: Type.String({ description: 'Value in the pinned file; empty if it has none.' }),
              after: Type.String({ description: 'Value in the file the agent runs.' }),
            }),
            {
              description:
                'Differences field by field, with references unresolved. Absent if the pinned version was never published.',
            },
          ),
        ),
      },
      { description: 'Absent if nothing is pinned.' },
    ),
  ),
});
export type AgentConfigResource = Static<typeof AgentConfigResource>;
