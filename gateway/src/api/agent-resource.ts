import Type, { type Static } from 'typebox';
import { type AgentView, agentStates } from '../fleet/agent-view.ts';
import { Name, Timestamp, timestamp } from './schema.ts';

/** An agent as the API shows it. What only a session tells is left out while there is none. */
export const AgentResource = Type.Object({
  id: Type.String(),
  name: Name,
  pool: Name,
  state: Type.Enum([...agentStates]),
  enrolledAt: Type.Optional(Timestamp),
  identityNotAfter: Type.Optional(Timestamp),
  connectedSince: Type.Optional(Timestamp),
  lastHeartbeat: Type.Optional(Timestamp),
  address: Type.Optional(Type.String()),
  sessions: Type.Object({ got: Type.Integer(), wanted: Type.Optional(Type.Integer()) }),
  streams: Type.Object({ open: Type.Integer(), opening: Type.Integer() }),
  softwareVersion: Type.Optional(Type.String()),
  config: Type.Optional(Type.Object({ version: Type.Integer(), digest: Type.String() })),
  connectors: Type.Optional(Type.Array(Type.Object({ name: Type.String(), kind: Type.String() }))),
});
export type AgentResource = Static<typeof AgentResource>;

export function connectedAgent(view: AgentView, enrolledAt: number | undefined): AgentResource {
  const { id, name, pool, state, address, sessions, streams, softwareVersion, config } = view;
  return {
    id,
    name,
    pool,
    state,
    ...(enrolledAt !== undefined && { enrolledAt: timestamp(enrolledAt) }),
    identityNotAfter: timestamp(view.identityNotAfter),
    connectedSince: timestamp(view.connectedSince),
    ...(view.lastHeartbeat !== undefined && { lastHeartbeat: timestamp(view.lastHeartbeat) }),
    address,
    sessions,
    streams,
    softwareVersion,
    config,
    connectors: [...view.connectors],
  };
}

/** An agent the store knows and no session belongs to. */
export function absentAgent(
  { id, name, pool, createdAt }: { id: string; name: string; pool: string; createdAt: number },
  identityNotAfter: number | undefined,
  now: number,
): AgentResource {
  const expired = identityNotAfter !== undefined && identityNotAfter <= now;
  return {
    id,
    name,
    pool,
    state: expired ? 'identity-expired' : 'disconnected',
    enrolledAt: timestamp(createdAt),
    ...(identityNotAfter !== undefined && { identityNotAfter: timestamp(identityNotAfter) }),
    sessions: { got: 0 },
    streams: { open: 0, opening: 0 },
  };
}
