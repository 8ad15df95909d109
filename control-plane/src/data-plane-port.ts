import type { AgentMessageOf, GatewayMessageOf } from '@penstock/wire';

/** A session of an agent. Its properties change over the life of the session. */
export type ObservedSession = {
  readonly identity: {
    readonly agentId: string;
    readonly name: string;
    readonly pool: string;
    /** Milliseconds since 1970. */
    readonly notAfter: number;
  };
  readonly state: 'greeting' | 'ready' | 'draining' | 'ended';
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  /** Milliseconds of the last PING; undefined until the first answer. */
  readonly roundTrip: number | undefined;
  readonly streams: { readonly open: number; readonly opening: number };
  /** Undefined until the agent has sent it. Configuration and connectors are those announced last. */
  readonly hello: AgentMessageOf<'hello'> | undefined;
};

/** A heartbeat, received `at` milliseconds since 1970. */
export type ReceivedHeartbeat = { readonly at: number; readonly heartbeat: AgentMessageOf<'heartbeat'> };

/** Is notified of the sessions of all agents. Its methods must neither wait nor throw. */
export type SessionObserver = {
  /** The session has been welcomed and is ready. */
  opened?(session: ObservedSession): void;
  /** The session drains, or its agent has reloaded its configuration. */
  changed?(session: ObservedSession): void;
  /** The session has ended and is no longer among those of its agent. */
  ended?(session: ObservedSession): void;
  heartbeat?(session: ObservedSession, received: ReceivedHeartbeat): void;
};

/** The sessions of this gateway, as far as the fleet needs them. */
export type SessionsPort = {
  sessionsOfAgent(agentId: string): Iterable<ObservedSession>;
  /** Notifies `observer` until the returned function is called. */
  observe(observer: SessionObserver): () => void;
  /** Sends a changed verdict to an agent, and wakes clients that wait for it if it accepts opens again. */
  announce(agentId: string, verdict: Pick<GatewayMessageOf<'pin'>, 'pin' | 'agentState'>): void;
};

/** What a grant permits, as the data plane enforces it. It contains no secret. */
export type GrantTerms = {
  readonly id: string;
  /** `hashOfGrant` of its secret. */
  readonly hash: string;
  readonly connections: readonly string[];
  /** CIDR ranges. Undefined: anywhere. */
  readonly sources: readonly string[] | undefined;
  readonly maxConnections: number | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
};

/** The grants that the data plane accepts from clients. It drops them by itself when they expire. */
export type ActiveGrants = {
  readonly size: number;
  add(grants: Iterable<GrantTerms>): void;
  /** Closes the client connections that use the grant. Unknown ids are ignored. */
  revoke(id: string): void;
  /** Client connections that currently use a grant. */
  usesOf(id: string): number;
};
