import { type Static, Type } from '@penstock/json-schema';
import { Name, StreamCounts, Timestamp } from './field.ts';
import { PageQuery, pageOf } from './page.ts';

export const SessionQuery = Type.Object(
  { ...PageQuery.properties, agent: Type.Optional(Name), pool: Type.Optional(Name) },
  { additionalProperties: false },
);

/** An HTTP/2 session between an agent and this gateway, or another replica of it. */
export const SessionResource = Type.Object({
  agent: Name,
  agentId: Type.String(),
  pool: Name,
  slot: Type.Integer({ description: "Index of the session among the agent's parallel sessions." }),
  state: Type.Enum(['ready', 'draining']),
  address: Type.String(),
  since: Timestamp,
  roundTripMs: Type.Optional(Type.Number({ description: 'Round trip of the most recent PING.' })),
  streams: StreamCounts,
  replica: Type.Optional(
    Type.String({ description: 'Replica at which it ends, if it is not the one that answers.' }),
  ),
});
export type SessionResource = Static<typeof SessionResource>;

export const SessionPage = pageOf(SessionResource);
