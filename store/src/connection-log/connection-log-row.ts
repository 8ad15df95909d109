/** The table of the connection log; columns are snake_case in SQL. Times are milliseconds since 1970. */
export type ConnectionLogDatabase = {
  readonly connectionLog: ConnectionLogRow;
  readonly connectionLogState: ConnectionLogStateRow;
};

export const connectionStates = ['opening', 'open', 'closed', 'failed', 'denied'] as const;

/**
 * `opening`: the client waits for its target. `open`: client and target are joined. `closed`: both were joined and are
 * closed. `failed`: the target was never reached. `denied`: clients that were turned away, one row for many.
 */
export type ConnectionState = (typeof connectionStates)[number];

/** One client connection, or the clients that were denied within a minute for the same reason. */
export type ConnectionLogRow = {
  /** Ascends with `startedAt`; see `connectionIds`. */
  readonly id: number;
  readonly state: ConnectionState;
  /** Null if a denied client did not say which connection it wanted. */
  readonly connection: string | null;
  /** Address. Null for denied clients of too many addresses to list each. */
  readonly client: string | null;
  readonly clientPort: number | null;
  /** Host and port on which the gateway accepted the client, with the kind of the ingress. */
  readonly ingress: string | null;
  readonly ingressKind: string | null;
  /** The host that the client requested: its server name in TLS, or the host of a proxy request. */
  readonly host: string | null;
  readonly grantId: string | null;
  readonly grantName: string | null;
  /** Subject of the client's certificate. */
  readonly subject: string | null;
  readonly connector: string | null;
  readonly pool: string | null;
  readonly agent: string | null;
  readonly agentId: string | null;
  /** Name of the replica that accepted the client. Null for a gateway that is alone. */
  readonly replica: string | null;
  /** The replica by way of which the agent was reached. Null if it has a session to the one that accepted the client. */
  readonly agentReplica: string | null;
  readonly startedAt: number;
  /** Milliseconds until client and target were joined. */
  readonly openMs: number | null;
  /** Null while it is open. */
  readonly endedAt: number | null;
  /** Opens sent to agents. */
  readonly attempts: number;
  /** How often the connection went on over another session. */
  readonly resumes: number;
  /** Milliseconds without a session, until the last resume. */
  readonly adriftMs: number;
  /** When it lost the session that it waits for. Null while it has one. */
  readonly adriftSince: number | null;
  readonly bytesFromClient: number;
  readonly bytesToClient: number;
  /** How it ended: `ok` or a close code. Null while it is open. */
  readonly code: string | null;
  readonly detail: string | null;
  /** Number of clients; above 1 only for denied clients. */
  readonly count: number;
};

/** A single row. */
export type ConnectionLogStateRow = {
  readonly id: 1;
  /** When the running gateway last wrote to the log. */
  readonly writtenAt: number;
};
