const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds that both ends agree on. What the peer sends beyond one of these ends the session. */
export const limits = {
  /** Bytes of one control message, newline included. */
  controlMessageBytes: 64 * KIB,
  /** Bytes of a request body on /v1/enroll and /v1/renew. */
  enrollmentBodyBytes: 32 * KIB,
  /** Bytes of a body on /v1/results/{id}. */
  resultBodyBytes: 8 * MIB,
  /** Connectors one agent can announce; with the longest names they still fit one control message. */
  connectors: 500,
  /** Data streams of one session; opens that wait for an answer count among them. */
  streamsPerSession: 1000,
  /** Streams of one session that wait for their next connection. */
  idleStreams: 64,
  /** Bytes and pairs of one header block (RFC 9113 section 6.5.2). */
  headerListBytes: 16 * KIB,
  headerPairs: 32,
  /** Entries of one SETTINGS frame. */
  settingsEntries: 8,
  /** Connections whose received bytes one message acknowledges. With the longest ids they fit one control message. */
  acknowledgments: 400,
  /** Sessions that one hello reports as lost. */
  lostSessions: 64,
  /** Versions in each list of an upgrade status. */
  reportedVersions: 8,
  /** Bytes of one file below /v1/releases/: an executable, or a signed document. */
  releaseFileBytes: 512 * MIB,
  /** The longest time that a connection can be without a session, in milliseconds. */
  carryMs: 3_600_000,
  /** Streams opened on one session before it is rotated; ids end at 2^30 (RFC 9113 section 5.1.1). */
  streamsBeforeRotation: 2 ** 28,
} as const;
