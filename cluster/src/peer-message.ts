import { type Static, type TSchema, Type } from '@penstock/json-schema';
import {
  type AgentMessageOf,
  agentMessages,
  closeCodes,
  gatewayMessages,
  limits,
  NAME_PATTERN,
} from '@penstock/wire';
import { compiledOnce } from '@penstock/wire/codec';
import { peerLimits } from './peer-limits.ts';

// Every string is bounded, unknown fields are allowed: a newer replica may say more than this one understands.
const Name = Type.String({ pattern: NAME_PATTERN });
const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
const Text = (maxLength: number) => Type.String({ maxLength });
const Millis = Type.Number({ minimum: -8.64e15, maximum: 8.64e15 });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Code = Type.Enum(Object.keys(closeCodes) as (keyof typeof closeCodes)[]);
const { type: _hello, connectors: Connectors, lost: _lost, ...introduction } = agentMessages.hello.properties;

/** An agent session of the replica that sends it. */
const Session = Type.Object({
  id: Id,
  identity: Type.Object({
    agentId: Text(64),
    name: Name,
    pool: Name,
    organization: Name,
    serial: Text(64),
    notAfter: Millis,
  }),
  state: Type.Enum(['ready', 'draining']),
  address: Text(64),
  openedAt: Millis,
  roundTrip: Type.Optional(Type.Number({ minimum: 0 })),
  load: Count,
  /** The hello of the agent, up to date, without its connectors and the sessions that it had lost. */
  hello: Type.Object(introduction),
  /** Names the connectors, which were sent before. */
  connectors: Id,
});

const Counts = Type.Array(Type.Object({ of: Text(128), count: Count }), { maxItems: peerLimits.counts });

/** What a replica sends to a peer that has subscribed to its sessions. */
export const ownerMessages = {
  /** Everything follows, up to `snapshot-end`. */
  snapshot: Type.Object({ type: Type.Literal('snapshot'), epoch: Id, seq: Count }),
  /** A list of connectors, once for all agents that have the same. */
  connectors: Type.Object({
    type: Type.Literal('connectors'),
    seq: Count,
    key: Id,
    connectors: Connectors,
  }),
  /** A session is new, or has changed. */
  session: Type.Object({ type: Type.Literal('session'), seq: Count, session: Session }),
  /** Sessions that were not sent since `snapshot` do not exist. */
  'snapshot-end': Type.Object({ type: Type.Literal('snapshot-end'), seq: Count }),
  /** A session has ended. */
  ended: Type.Object({ type: Type.Literal('ended'), seq: Count, id: Id, code: Code }),
  heartbeat: Type.Object({
    type: Type.Literal('heartbeat'),
    seq: Count,
    id: Id,
    at: Millis,
    roundTrip: Type.Optional(Type.Number({ minimum: 0 })),
    heartbeat: agentMessages.heartbeat,
  }),
  /** Sent every second: what changes too often to be sent at once. Only counts that have changed are in it. */
  tick: Type.Object({
    type: Type.Literal('tick'),
    seq: Count,
    state: Type.Enum(['running', 'draining']),
    /** The last revision of the store that the sender knows. */
    revision: Count,
    /** Streams by session. */
    loads: Counts,
    /** Clients by connection. */
    clients: Counts,
    /** Clients by grant. */
    grants: Counts,
  }),
  /** The sender has changed the store: sent at once, so that a revocation does not wait for the next tick. */
  revision: Type.Object({ type: Type.Literal('revision'), revision: Count }),
  /** A session was lost, but its connections are not. */
  lost: Type.Object({ type: Type.Literal('lost'), id: Id, loss: Type.Enum(['closed', 'silent']) }),
  /** The connections of a session should move to another one. */
  retiring: Type.Object({ type: Type.Literal('retiring'), id: Id }),
  /** What an agent reports of upgrades. */
  'upgrade-report': Type.Object({
    type: Type.Literal('upgrade-report'),
    id: Id,
    message: Type.Union([agentMessages['upgrade-status'], agentMessages['may-switch']]),
  }),
  /** Connections of the sender that were opened, have ended or were denied, while the peer follows them: rows of its log. */
  'log-entries': Type.Object({
    type: Type.Literal('log-entries'),
    entries: Type.Array(Type.Object({}), { maxItems: peerLimits.logEntries }),
  }),
  /** Opens of the sender's clients within `health.failingOpensWindow`, of the connections that had any. Times are milliseconds. */
  opens: Type.Object({
    type: Type.Literal('opens'),
    items: Type.Array(
      Type.Object({
        connection: Name,
        opened: Count,
        failed: Count,
        codes: Type.Array(Type.Object({ code: Text(64), count: Count }), { maxItems: peerLimits.codes }),
        sinceOpened: Type.Optional(Type.Number({ minimum: 0 })),
        sinceFailed: Type.Optional(Type.Number({ minimum: 0 })),
        idle: Type.Number({ minimum: 0 }),
      }),
      { maxItems: peerLimits.opens },
    ),
  }),
  /** Opens of the sender's clients by agent, since the last such message, while the peer follows them. */
  'agent-opens': Type.Object({
    type: Type.Literal('agent-opens'),
    items: Type.Array(
      Type.Object({
        agent: Name,
        opened: Count,
        failed: Count,
        /** Successful opens by class of duration. */
        durations: Type.Array(Count, { maxItems: peerLimits.durations }),
      }),
      { maxItems: peerLimits.agentOpens },
    ),
  }),
  /**
   * Events of the fleet that the sender has published, by their keys, with the numbers from `first` on. `event`: what happened at
   * the sender only, with the one key.
   */
  events: Type.Object({
    type: Type.Literal('events'),
    stream: Id,
    first: Count,
    keys: Type.Array(Text(400), { maxItems: peerLimits.eventKeys }),
    event: Type.Optional(Type.Object({ type: Text(64), data: Type.Object({}) })),
  }),
  /** What agents have handed to targets, by the session that carries the connection. */
  received: Type.Object({
    type: Type.Literal('received'),
    session: Id,
    connections: agentMessages.received.properties.connections,
  }),
} as const;

/** What a replica sends to the peer whose sessions it follows. */
export const followerMessages = {
  /** A message is missing: send everything again. */
  resync: Type.Object({ type: Type.Literal('resync') }),
  /** What this replica has handed to clients. */
  received: ownerMessages.received,
  /** A connection without a stream has ended. */
  'end-carried': Type.Object({ type: Type.Literal('end-carried'), session: Id, id: Id, code: Code }),
  /** Whether somebody follows the connection log at this replica. */
  'follow-log': Type.Object({ type: Type.Literal('follow-log'), on: Type.Boolean() }),
  /** Whether opens by agent are wanted at this replica. */
  'follow-agent-opens': Type.Object({ type: Type.Literal('follow-agent-opens'), on: Type.Boolean() }),
  /** Something about upgrades for the agent of a session. */
  upgrade: Type.Object({
    type: Type.Literal('upgrade'),
    session: Id,
    message: Type.Union([
      gatewayMessages.upgrade,
      gatewayMessages['upgrade-cancel'],
      gatewayMessages.go,
      gatewayMessages.wait,
    ]),
  }),
  /** An agent has reported these sessions as lost. */
  'sessions-lost': Type.Object({
    type: Type.Literal('sessions-lost'),
    agentId: Text(64),
    ids: Type.Array(Id, { maxItems: limits.lostSessions }),
  }),
} as const;

/** A relayed open, in the header of its request. */
export const RelayOpen = Type.Object({
  connector: Name,
  connection: Name,
  client: Text(64),
  clientPort: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  address: Type.Optional(Text(280)),
  secure: Type.Optional(Type.Boolean()),
  timeout: Type.Integer({ minimum: 1, maximum: 600_000 }),
  carry: Type.Optional(
    Type.Object({
      for: Type.Integer({ minimum: 1, maximum: limits.carryMs }),
      closed: Type.Integer({ minimum: 0, maximum: limits.carryMs }),
    }),
  ),
  resume: Type.Optional(Type.Object({ of: Id, received: Count, streams: Count })),
});
export type RelayOpen = Static<typeof RelayOpen>;

const isRelayOpen = compiledOnce({ open: RelayOpen });

/** Reads a relayed open from its header; undefined when it is not one. */
export function readRelayOpen(header: unknown): RelayOpen | undefined {
  if (typeof header !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
    return isRelayOpen().get('open')?.(value) === true ? (value as RelayOpen) : undefined;
  } catch {
    return undefined;
  }
}

type Union<Messages extends Record<string, object>> = {
  [Key in keyof Messages]: Static<Messages[Key] & TSchema>;
}[keyof Messages];

export type OwnerMessage = Union<typeof ownerMessages>;
export type FollowerMessage = Union<typeof followerMessages>;
export type OwnerMessageOf<Kind extends OwnerMessage['type']> = Extract<OwnerMessage, { type: Kind }>;
export type DirectorySession = Static<typeof Session>;
export type Counts = Static<typeof Counts>;
export type DirectoryConnectors = AgentMessageOf<'hello'>['connectors'];
