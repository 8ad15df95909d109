import Type, { type Static } from 'typebox';
import { Name, Timestamp, timestamp } from './schema.ts';

/** In the order of what matters most; docs/api.md says what each means. */
export const agentStates = [
  'revoked',
  'identity-expired',
  'quarantined',
  'draining',
  'stale',
  'disconnected',
  'degraded',
  'connected',
] as const;
export type AgentState = (typeof agentStates)[number];

/** What the gateway knows of an agent that has a session. Times are milliseconds since 1970. */
export type AgentView = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly state: AgentState;
  /** When the oldest of its sessions began. */
  readonly connectedSince: number;
  /** The agent's address, as its sessions show it. */
  readonly address: string;
  readonly sessions: { readonly got: number; readonly wanted: number };
  readonly softwareVersion: string;
  readonly config: { readonly version: number; readonly digest: string };
  readonly connectors: readonly { readonly name: string; readonly kind: string }[];
  readonly streams: { readonly open: number; readonly opening: number };
  /** Undefined until the first one. */
  readonly lastHeartbeat: number | undefined;
  readonly identityNotAfter: number;
};

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
