const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds between replicas. What a peer sends beyond one of these ends its session. */
export const peerLimits = {
  /** Bytes of one message, newline included: the hello of an agent fits, with its connectors. */
  messageBytes: 128 * KIB,
  /** Unsent messages at which deltas are left out, and the peer gets a snapshot later. */
  laggingBytes: MIB,
  /** Unsent messages at which the session is given up. */
  maxUnsentBytes: 16 * MIB,
  /** Agent sessions that a peer has at the same time. */
  sessions: 200_000,
  /** Names with counts of one kind that are known of a peer: connections, or grants. */
  names: 100_000,
  /** Counts of one kind in one tick; the others follow in the next. */
  counts: 1_000,
  /** Connections in one message about opens, and close codes of each. */
  opens: 50,
  codes: 8,
  /** Agents in one message about their opens, and classes of durations of each. */
  agentOpens: 100,
  durations: 64,
  /** Agents whose opens are gathered between two messages. */
  openedAgents: 20_000,
  /** Entries of the connection log in one message. */
  logEntries: 32,
  /** Keys of events in one message. */
  eventKeys: 200,
  /** Concurrent streams of one peer: relayed connections, for the most part. */
  streams: 20_000,
  /** Bytes of a body of a request or an answer. */
  bodyBytes: 8 * MIB + 64 * KIB,
} as const;
