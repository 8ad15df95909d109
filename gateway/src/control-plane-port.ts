import type { Readable } from 'node:stream';
import type {
  AgentFacts,
  AgentIdentity,
  AgentMessageOf,
  CloseCode,
  GatewayMessageOf,
  IssuedIdentity,
  TokenFacts,
} from '@penstock/wire';

/** Everything the tunnel needs of the control plane. The composition implements it. */
export type ControlPlanePort = {
  readonly identity: IdentityPort;
  readonly agents: AgentPort;
  readonly fleet: FleetPort;
  readonly releases: ReleasesPort;
};

/** The files of releases that agents can fetch. They are signed, and need not be trusted. */
export type ReleasesPort = {
  /** A file by its path in the published folder; undefined if there is none, or nothing of it after `offset`. */
  open(
    file: string,
    offset: number,
  ): Promise<{ readonly size: number; readonly content: Readable } | undefined>;
};

/** Issues and checks the identities of agents. */
export type IdentityPort = {
  /** Enrolls the agent whose request body this is, sent from `address`. Rejects with ProblemError. */
  enroll(body: unknown, address: string): Promise<IssuedIdentity>;
  /** Whether the enrollment in this request body would be admitted. Changes nothing. Rejects with ProblemError. */
  checkEnrollment(body: unknown, address: string): Promise<TokenFacts>;
  /** Rejects with ProblemError. */
  renew(identity: AgentIdentity, body: unknown): Promise<IssuedIdentity>;
  /** Called for every request that needs an identity; it must not wait. */
  isRevoked(identity: AgentIdentity): boolean;
};

/** Serves the plain requests an agent makes next to its sessions. */
export type AgentPort = {
  /** Whether this agent still owes the result of request `requestId`. */
  expects(agentId: string, requestId: string): boolean;
  /**
   * Reserves the right to upload the result of a request until `release` is called. Returns undefined when no result
   * is expected, or when an upload is already in progress: one result per request is buffered at a time.
   */
  claim(agentId: string, requestId: string): { release(): void } | undefined;
  /** Delivers an uploaded result. */
  answeredAtLength(agentId: string, requestId: string, value: unknown): void;
  /** What the gateway knows of the agent making the request. Rejects with ProblemError. */
  describe(identity: AgentIdentity): Promise<AgentFacts>;
};

/** Decides how an agent may be used. Its methods are called on the data path: they must neither wait nor throw. */
export type FleetPort = {
  /** Judges an agent whose session has just been admitted, and returns the verdict for its welcome. */
  welcome(session: SessionFacts): Verdict;
  /** Whether no opens may be routed to this agent, whatever the state of its sessions. */
  isSuspended(agentId: string): boolean;
  /** Whether the agent's own check of a connector failed when it last ran. */
  checkFails(agentId: string, connector: string): boolean;
};

/** Keeps a record of every client connection. Its methods are called on the data path: they must neither wait nor throw. */
export type ConnectionLogPort = {
  /** Called when it is known which connection a client wants. */
  begin(client: LoggedClient): ConnectionEntry;
  /** Called for a client that was turned away before that, or because of a limit. */
  denied(client: DeniedClient): void;
};

export type LoggedClient = {
  readonly connection: string;
  readonly address: string;
  readonly port: number;
  /** Host and port on which the client was accepted, and the kind of that ingress. */
  readonly ingress: string | undefined;
  readonly ingressKind: string | undefined;
  /** The host that the client requested: its server name in TLS, or the host of a proxy request without its grant. */
  readonly host: string | undefined;
  readonly grant: { readonly id: string; readonly name: string } | undefined;
  /** Subject of the client's certificate. */
  readonly subject: string | undefined;
};

export type DeniedClient = {
  readonly connection: string | undefined;
  readonly address: string;
  readonly ingress: string | undefined;
  readonly code: CloseCode;
  readonly detail: string;
};

export type Traffic = { readonly fromClient: number; readonly toClient: number };

/** What has become of a client connection. */
export type ConnectionStatus = {
  readonly state: 'opening' | 'open' | 'closed' | 'failed';
  /** `ok` or a close code; undefined until it has ended. */
  readonly code: string | undefined;
  /** Milliseconds since 1970. */
  readonly endedAt: number | undefined;
  /** How often it went on over another session. */
  readonly resumes: number;
  /** When it lost the session that it waits for. */
  readonly adriftSince: number | undefined;
};

/** The record of one client connection. */
export type ConnectionEntry = {
  /** Identifies the connection in every log. */
  readonly id: string;
  readonly status: ConnectionStatus;
  /** Called when the search for an agent has ended, whatever its outcome. */
  dialed(dial: { readonly tries: readonly { readonly agent: string; readonly pool: string }[] }): void;
  /** Called when client and target are joined. */
  opened(target: {
    readonly agent: string;
    readonly agentId: string;
    readonly pool: string;
    /** The replica by way of which the agent is reached; undefined: it has a session to this one. */
    readonly replica?: string | undefined;
    /** Milliseconds from the client's arrival. */
    readonly milliseconds: number;
    /** Bytes so far. */
    readonly traffic: () => Traffic;
  }): void;
  /** Called when the connection has lost its session and waits for another one. */
  adrift(): void;
  /** Called when the connection goes on over another session, by way of this replica. */
  resumed(replica?: string): void;
  /** Called exactly once. `code` is undefined when both ends closed the connection normally. */
  ended(end: {
    readonly code: CloseCode | undefined;
    readonly detail: string | undefined;
    readonly traffic: Traffic;
  }): void;
};

/** The pin of an agent and its state, as the control plane judges them and the agent is informed. */
export type Verdict = Pick<GatewayMessageOf<'welcome'>, 'pin' | 'agentState'>;

/** A session as the control plane sees it. Its properties change over the life of the session. */
export type SessionFacts = {
  readonly identity: AgentIdentity;
  readonly state: 'greeting' | 'ready' | 'draining' | 'ended';
  /** Source address of the agent, or of the NAT or proxy in front of it. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  /** Milliseconds of the last PING; undefined until the first answer. */
  readonly roundTrip: number | undefined;
  readonly streams: { readonly open: number; readonly opening: number };
  /** Undefined until the agent has sent it. Configuration and connectors are those announced last. */
  readonly hello: AgentMessageOf<'hello'> | undefined;
};
