import { type Static, Type } from '@penstock/json-schema';
import { NAME_PATTERN } from './enrollment.ts';

const Name = Type.String({ pattern: NAME_PATTERN });

/** Answer to GET /v1/agent: what the gateway knows of the agent that asks. It needs no session, and makes none. */
export const AgentFacts = Type.Object({
  agentId: Type.String({ maxLength: 64 }),
  name: Name,
  pool: Name,
  /** Milliseconds since 1970 on the gateway's clock. */
  clock: Type.Number(),
  /** The version of its file that the agent should run on, when one is pinned. */
  pinned: Type.Optional(
    Type.Object({
      version: Type.Integer(),
      digest: Type.String({ maxLength: 80 }),
      /** The published file before references are resolved; omitted if the pinned version was never published. */
      content: Type.Optional(Type.Unknown()),
    }),
  ),
});
export type AgentFacts = Static<typeof AgentFacts>;
