import { type Static, type TSchema, Type } from '@penstock/json-schema';
import { closeCodes } from './close-code.ts';
import { NAME_PATTERN } from './enrollment.ts';
import { limits } from './limits.ts';
import { type Reach, reachStages } from './reach.ts';
import { agentUpgradeMessages, gatewayUpgradeMessages, UpgradeStatus } from './upgrade.ts';

// Every string is bounded, unknown fields are allowed: a newer peer may say more than we understand.
const Name = Type.String({ pattern: NAME_PATTERN });
const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
const Text = (maxLength: number) => Type.String({ maxLength });
const Millis = Type.Number({ minimum: -8.64e15, maximum: 8.64e15 });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Ratio = Type.Number({ minimum: 0, maximum: 1 });
const Code = Type.Enum(Object.keys(closeCodes) as (keyof typeof closeCodes)[]);
const ConfigStamp = Type.Object({ version: Count, digest: Text(80) });
/** Bytes that were handed on, by the id of the connection, and one more once FIN was. `reset`: nothing more will be. */
const Received = Type.Object({
  type: Type.Literal('received'),
  connections: Type.Array(Type.Object({ id: Id, received: Count, reset: Type.Optional(Code) }), {
    maxItems: limits.acknowledgments,
  }),
});
/** Data of several connections waits for this session: further sessions would carry more. Said again while it does. */
const Congested = Type.Object({ type: Type.Literal('congested') });
const Pin = Type.Object({ mode: Type.Enum(['enforce', 'warn', 'off']), version: Count, digest: Text(80) });
/** `addresses`: host:port of the target first, then those it may redirect its clients to. */
const Connectors = Type.Array(
  Type.Object({
    name: Name,
    kind: Text(32),
    addresses: Type.Optional(Type.Array(Text(280), { maxItems: 17 })),
  }),
  { maxItems: limits.connectors },
);

/** What the agent's owners allow the control plane to request: `policy` of agent.yaml. A hint; the agent decides. */
const RemotePolicy = Type.Object({
  /** `allow` or `deny`; a newer agent may know more. */
  logs: Text(32),
  restart: Text(32),
  /** `none` or `some`. */
  probe: Text(32),
});

export const agentMessages = {
  /** First message of a session. */
  hello: Type.Object({
    type: Type.Literal('hello'),
    protocol: Count,
    agent: Type.Object({ name: Name, version: Text(64) }),
    /** Made at every start of the agent's process: two at once under one identity is a clone. */
    bootId: Id,
    platform: Type.Object({ os: Text(64), arch: Text(32), node: Text(32) }),
    config: ConfigStamp,
    connectors: Connectors,
    policy: Type.Optional(RemotePolicy),
    session: Type.Object({ index: Count, wanted: Count }),
    /** The longest time, in milliseconds, for which the agent keeps a connection that has lost its session. */
    resume: Type.Optional(Type.Object({ for: Count })),
    /** Sessions that the agent has given up, as `welcome` named them. */
    lost: Type.Optional(Type.Array(Id, { maxItems: limits.lostSessions })),
  }),
  /** Sent every `heartbeatInterval`, while draining as well. */
  heartbeat: Type.Object({
    type: Type.Literal('heartbeat'),
    seq: Count,
    /** Milliseconds since 1970 on the agent's clock. */
    sentAt: Millis,
    /** Milliseconds the gateway's clock is ahead, and there and back, as the last acknowledged heartbeat gave them. */
    clock: Type.Optional(Type.Object({ offset: Millis, roundTrip: Type.Number({ minimum: 0 }) })),
    cpu: Type.Optional(Type.Object({ load: Ratio, process: Type.Number({ minimum: 0, maximum: 4096 }) })),
    memory: Type.Optional(Type.Object({ totalBytes: Count, availableBytes: Count, processBytes: Count })),
    eventLoop: Type.Object({ p99Ms: Type.Number({ minimum: 0 }), maxMs: Type.Number({ minimum: 0 }) }),
    streams: Type.Object({ open: Count, opening: Count }),
    identity: Type.Object({ notAfter: Millis }),
    /** Replicas that the agent has sessions to, of those that it could have. */
    replicas: Type.Optional(Type.Object({ reached: Count, wanted: Count })),
    checks: Type.Array(
      Type.Object({
        connector: Name,
        reach: Type.Enum(reachStages as Reach[]),
        at: Millis,
        milliseconds: Type.Optional(Type.Number({ minimum: 0 })),
        detail: Type.Optional(Text(256)),
      }),
      { maxItems: limits.connectors },
    ),
    /** Absent from agents that do not know upgrades. */
    upgrade: Type.Optional(UpgradeStatus),
  }),
  /** The configuration was reloaded: what `hello` said of it has changed. */
  config: Type.Object({
    type: Type.Literal('config'),
    config: ConfigStamp,
    connectors: Connectors,
    policy: Type.Optional(RemotePolicy),
  }),
  /** The open failed; success is the arrival of the data stream itself. */
  'open-failed': Type.Object({
    type: Type.Literal('open-failed'),
    id: Id,
    code: Code,
    detail: Text(1024),
  }),
  /** What the agent has handed to targets; see `open.carry`. */
  received: Received,
  congested: Congested,
  /** Answer to a `request`, small enough for the control stream. */
  result: Type.Object({
    type: Type.Literal('result'),
    id: Id,
    ok: Type.Boolean(),
    code: Type.Optional(Text(64)),
    detail: Type.Optional(Text(1024)),
    value: Type.Optional(Type.Unknown()),
  }),
  /** A stage of a probe or a check has finished, a ProbeStage; `result` has all of them. A newer agent may have others. */
  progress: Type.Object({ type: Type.Literal('progress'), id: Id, stage: Type.Unknown() }),
  /** No new opens, please; streams that live go on. */
  draining: Type.Object({
    type: Type.Literal('draining'),
    /** The agent has another session, which can carry the connections of this one. */
    canMove: Type.Optional(Type.Boolean()),
    /** Said again, with the code with which the agent now resets the streams that are left. */
    ending: Type.Optional(Text(64)),
  }),
  ...agentUpgradeMessages,
  /** Leaving for good: this session is not a loss. */
  goodbye: Type.Object({ type: Type.Literal('goodbye'), reason: Text(256) }),
} as const;

export const gatewayMessages = {
  /** Answer to `hello`: the session may be used. */
  welcome: Type.Object({
    type: Type.Literal('welcome'),
    gateway: Type.Object({ id: Id, epoch: Id, version: Text(64) }),
    /** Milliseconds since 1970 on the gateway's clock. */
    clock: Millis,
    heartbeatInterval: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
    pin: Type.Optional(Pin),
    agentState: Text(32),
    /** Data streams may carry one connection after another, and so many of them may wait for the next one. */
    reuse: Type.Optional(Type.Object({ idle: Count })),
    /** Names this session in `hello.lost`. */
    session: Type.Optional(Id),
    /** Which of how many replicas this gateway is; missing if it is the only one. */
    replica: Type.Optional(Type.Object({ name: Text(128), count: Count })),
    /** This gateway is one process: connections of an earlier one cannot resume. */
    sole: Type.Optional(Type.Boolean()),
  }),
  /** Answer to `hello`: the session may not be used, and ends. */
  refused: Type.Object({
    type: Type.Literal('refused'),
    code: Code,
    detail: Text(1024),
    retryable: Type.Boolean(),
  }),
  /** Clock offset and round trip follow as in NTP (RFC 5905 section 8). */
  'heartbeat-ack': Type.Object({
    type: Type.Literal('heartbeat-ack'),
    seq: Count,
    receivedAt: Millis,
    sentAt: Millis,
    /** Replicas there are now. */
    replicas: Type.Optional(Count),
  }),
  /** Dial the connector's target within `deadline` milliseconds and bring a data stream with this id. */
  open: Type.Object({
    type: Type.Literal('open'),
    id: Id,
    connector: Name,
    connection: Name,
    /** The client's address, for the agent's log and for targets that receive it in a PROXY header. */
    client: Text(64),
    clientPort: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    /** One of the connector's alternates, as host:port; its `address` by default. */
    address: Type.Optional(Text(280)),
    /** The stream is plaintext: the agent starts TLS with the target as the connector configures it. */
    secure: Type.Optional(Type.Boolean()),
    deadline: Type.Integer({ minimum: 1, maximum: 600_000 }),
    /**
     * The connection may outlive the session. The agent keeps it for so many milliseconds without one; for `closed` if the
     * session was closed rather than silent.
     */
    carry: Type.Optional(
      Type.Object({
        for: Type.Integer({ minimum: 1, maximum: limits.carryMs }),
        closed: Type.Integer({ minimum: 0, maximum: limits.carryMs }),
      }),
    ),
    /**
     * Dial nothing: bring a data stream for a carried connection, which goes on after `received`. `streams`: how many streams
     * of the connection the gateway has accepted. A message that was delayed, and says less than the agent knows, is refused.
     */
    resume: Type.Optional(Type.Object({ of: Id, received: Count, streams: Count })),
  }),
  /** What the gateway has handed to clients; see `open.carry`. */
  received: Received,
  congested: Congested,
  /** The client left: drop the dial, or the stream if it is on its way. */
  cancel: Type.Object({ type: Type.Literal('cancel'), id: Id, code: Code }),
  /** Something for the agent to do and answer with `result` or on /v1/results/{id}. */
  request: Type.Object({
    type: Type.Literal('request'),
    id: Id,
    action: Text(32),
    arguments: Type.Unknown(),
    requestedBy: Text(128),
  }),
  /** The pin, its mode or the agent's state has changed; without `pin` there is none. */
  pin: Type.Object({ type: Type.Literal('pin'), pin: Type.Optional(Pin), agentState: Text(32) }),
  ...gatewayUpgradeMessages,
  /** This replica drains: connect again first, then leave this session. */
  /** `mayStay`: only to be nearer to other replicas; an agent that finds none keeps its session. */
  reconnect: Type.Object({
    type: Type.Literal('reconnect'),
    reason: Text(256),
    mayStay: Type.Optional(Type.Boolean()),
  }),
} as const;

type Union<Messages extends Record<string, { '~kind'?: unknown } & object>> = {
  [Key in keyof Messages]: Messages[Key] extends infer Schema ? Static<Schema & TSchema> : never;
}[keyof Messages];

/** What the agent says on the control stream. */
export type AgentMessage = Union<typeof agentMessages>;
/** What the gateway says on the control stream. */
export type GatewayMessage = Union<typeof gatewayMessages>;

/** A message of the gateway about upgrades. */
export type UpgradeMessage = GatewayMessageOf<keyof typeof gatewayUpgradeMessages>;

export type AgentMessageOf<Kind extends AgentMessage['type']> = Extract<AgentMessage, { type: Kind }>;
export type GatewayMessageOf<Kind extends GatewayMessage['type']> = Extract<GatewayMessage, { type: Kind }>;

/** A message as it is given to JSON, which leaves out what is undefined. */
export type Unsent<Message> = Message extends object
  ? {
      [Key in keyof Message]: Partial<Pick<Message, Key>> extends Pick<Message, Key>
        ? Message[Key] | undefined
        : Message[Key];
    }
  : never;
