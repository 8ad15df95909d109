import type { CloseCode } from '@penstock/wire';

/** A client whose connection is known, as the data plane reports it. */
export type LoggedClient = {
  readonly connection: string;
  readonly connector: string | undefined;
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

/** A client that was turned away. */
export type DeniedClient = {
  readonly connection: string | undefined;
  readonly address: string;
  readonly ingress: string | undefined;
  readonly code: CloseCode;
  readonly detail: string;
};

export type Traffic = { readonly fromClient: number; readonly toClient: number };

/** The opens sent to agents for one client. */
export type LoggedDial = {
  readonly tries: readonly { readonly agent: string; readonly pool: string }[];
};

/** The agent through which a client was joined with its target. */
export type LoggedTarget = {
  readonly agent: string;
  readonly agentId: string;
  readonly pool: string;
  /** The replica by way of which the agent is reached; undefined: it has a session to this one. */
  readonly replica?: string | undefined;
  /** Milliseconds from the client's arrival. */
  readonly milliseconds: number;
  /** Bytes so far. */
  readonly traffic: () => Traffic;
};

export type ConnectionEnd = {
  /** Undefined when both ends closed the connection normally. */
  readonly code: CloseCode | undefined;
  readonly detail: string | undefined;
  readonly traffic: Traffic;
};

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

/** The entry of one client. Its methods neither wait nor throw. */
export type ConnectionEntry = {
  /** Identifies the connection in the log of the process, in the API, and in the commands. */
  readonly id: string;
  readonly status: ConnectionStatus;
  dialed(dial: LoggedDial): void;
  opened(target: LoggedTarget): void;
  /** Called when the connection has lost its session and waits for another one. */
  adrift(): void;
  /** Called when the connection goes on over another session, by way of this replica. */
  resumed(replica?: string): void;
  /** Must be called exactly once. */
  ended(end: ConnectionEnd): void;
};
