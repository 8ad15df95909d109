import type {
  AgentMessageOf,
  CloseCode,
  DenialReason,
  GatewayMessageOf,
  SkipReason,
  UpgradeMessage,
} from '@penstock/wire';

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
  /** Id of the replica at which the session ends; undefined: this gateway. */
  readonly replica?: string;
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
  /** What the agent reports of upgrades has changed. Every heartbeat repeats it. */
  upgradeStatus?(session: ObservedSession, message: AgentMessageOf<'upgrade-status'>): void;
  /** The agent has staged a version and would switch. Answer with `go` or `wait`. */
  maySwitch?(session: ObservedSession, message: AgentMessageOf<'may-switch'>): void;
};

/** The sessions of this gateway, as far as the fleet needs them. */
export type SessionsPort = {
  sessionsOfAgent(agentId: string): Iterable<ObservedSession>;
  /** Notifies `observer` until the returned function is called. */
  observe(observer: SessionObserver): () => void;
  /** Sends a changed verdict to an agent, and wakes clients that wait for it if it accepts opens again. */
  announce(agentId: string, verdict: Pick<GatewayMessageOf<'pin'>, 'pin' | 'agentState'>): void;
  /** Sends a message about upgrades to an agent. Returns false if it has no session here. */
  sendUpgrade(agentId: string, message: UpgradeMessage): boolean;
};

/** What a grant permits, as the data plane enforces it. It contains no secret. */
export type GrantTerms = {
  readonly id: string;
  readonly name: string;
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
  /** Grants that are active already stay as they are. */
  add(grants: Iterable<GrantTerms>): void;
  /** Remembers grants that have ended, so that their clients are denied with the right reason. */
  addEnded(grants: Iterable<{ readonly hash: string; readonly end: 'expired' | 'revoked' }>): void;
  /** Closes the client connections that use the grant. Unknown ids are ignored. */
  revoke(id: string): void;
  /** Client connections that currently use a grant. */
  usesOf(id: string): number;
};

/** How a new client of a connection would be routed, and what happened to the most recent ones. */
export type RouteReport = {
  readonly connection: string;
  readonly connector: string;
  /** `kind` of the connection in gateway.yaml. */
  readonly kind?: string | undefined;
  /** In order of preference. */
  readonly pools: readonly {
    readonly name: string;
    readonly queue: { readonly waiting: number; readonly limit: number };
    /** Agents with a session. */
    readonly agents: readonly {
      readonly agentId: string;
      /** Why it would not be selected, or not before others; undefined when it would be. */
      readonly skipReason: SkipReason | undefined;
      readonly streams: number;
    }[];
  }[];
  /** Newest first. */
  readonly dials: readonly DialReport[];
  readonly denials: DenialReport;
  /** For an explanation of one client: whether the ingresses of the connection admit its address. */
  readonly source?: { readonly address: string; readonly ingresses: readonly SourceAccess[] } | undefined;
};

/** Clients that were denied before anything was opened for them. */
export type DenialReport = {
  /** Since the gateway started, or since the connection was added. */
  readonly counts: Readonly<Partial<Record<DenialReason, number>>>;
  /** Newest first. */
  readonly addresses: readonly {
    readonly address: string;
    /** When it was last denied, in milliseconds since 1970. */
    readonly at: number;
    readonly count: number;
    readonly reason: DenialReason;
    readonly detail: string;
    /** The shared ingress, when it is not known which of its connections the client wanted. */
    readonly ingress: string | undefined;
  }[];
};

/** Whether one ingress of a connection admits a source address. */
export type SourceAccess = {
  readonly kind: string;
  readonly listen: string;
  readonly host: string | undefined;
  /** The range of the allow list that has the address; undefined if none has it. */
  readonly range: string | undefined;
  readonly allow: readonly string[];
  /** Whether a client needs a grant as well. */
  readonly needsGrant: boolean;
};

/** One client, from its arrival until its target answered or the dial failed. */
export type DialReport = {
  readonly client: string;
  /** The client's entry in the connection log, with what has become of its connection since. */
  readonly entry?:
    | {
        readonly id: string;
        readonly status: {
          readonly state: 'opening' | 'open' | 'closed' | 'failed';
          /** `ok` or a close code; undefined until it has ended. */
          readonly code: string | undefined;
          readonly endedAt: number | undefined;
          readonly resumes: number;
          readonly adriftSince: number | undefined;
        };
      }
    | undefined;
  /** When the client arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly milliseconds: number;
  /** How many of them were spent in the queue. */
  readonly waited: number;
  readonly failure: DialFailure | undefined;
  /** Every open, in order. */
  readonly tries: readonly {
    readonly agent: string;
    readonly pool: string;
    /** The replica by way of which it was asked; undefined: it is connected to this gateway. */
    readonly replica?: string | undefined;
    readonly milliseconds: number;
    readonly failure: DialFailure | undefined;
  }[];
  /** Agents that were not selected. Empty when the first choice succeeded. `agent` is undefined for an empty pool. */
  readonly skipped: readonly {
    readonly pool: string;
    readonly agent: string | undefined;
    readonly reason: SkipReason;
  }[];
};

export type DialFailure = { readonly code: CloseCode; readonly detail: string };
