/**
 * Whether an open that failed may be retried.
 *
 * - `always`: the agent did not attempt the open, so any other session may.
 * - `once`: this agent failed, and each other agent may try once.
 * - `never`: another attempt would not help.
 *
 * Nothing is retried after the gateway has forwarded a byte of the client, whatever the code.
 */
export type Retry = 'always' | 'once' | 'never';

type CloseCodeEntry = {
  /** Stable number for logs and metrics. Never reused. */
  readonly number: number;
  readonly retry: Retry;
  /** HTTP/2 error code that resets the stream (RFC 9113 section 7). */
  readonly reset: number;
  /** What happened, for people. docs/errors.md says what to do about it. */
  readonly message: string;
};

const PROTOCOL = 0x1;
const INTERNAL = 0x2;
const REFUSED_STREAM = 0x7;
const CANCEL = 0x8;
const CONNECT_FAILED = 0xa;
const CALM = 0xb;

const entry = (number: number, retry: Retry, reset: number, message: string): CloseCodeEntry => ({
  number,
  retry,
  reset,
  message,
});

/** Every way in which an open, a stream or a session can fail. Closed: docs/errors.md has a row for each. */
export const closeCodes = {
  NO_AGENT: entry(1, 'never', REFUSED_STREAM, 'No agent of an eligible pool is connected.'),
  QUEUE_FULL: entry(2, 'never', CALM, 'Too many clients are already waiting for an agent of this pool.'),
  QUEUE_TIMEOUT: entry(3, 'never', CANCEL, 'No agent of an eligible pool became available in time.'),
  SESSION_LOST: entry(4, 'always', CANCEL, 'The session to the agent was lost.'),
  AGENT_DRAINING: entry(5, 'always', REFUSED_STREAM, 'The agent is draining and accepts no new opens.'),
  AGENT_OVERLOADED: entry(6, 'always', REFUSED_STREAM, 'The agent has reached one of its limits.'),
  CONFIG_DRIFT: entry(
    7,
    'always',
    REFUSED_STREAM,
    'The agent is quarantined because its configuration differs from the pinned one.',
  ),
  POLICY_DENIED: entry(8, 'once', REFUSED_STREAM, "The agent's own policy forbids the target."),
  UNKNOWN_CONNECTOR: entry(9, 'once', REFUSED_STREAM, 'The agent has no connector of this name.'),
  DNS_FAILED: entry(10, 'once', CONNECT_FAILED, "The agent could not resolve the target's name."),
  REFUSED: entry(11, 'once', CONNECT_FAILED, 'The target refused the connection.'),
  UNREACHABLE: entry(12, 'once', CONNECT_FAILED, 'The agent cannot reach the target.'),
  DIAL_TIMEOUT: entry(13, 'once', CONNECT_FAILED, 'The target did not answer in time.'),
  TLS_FAILED: entry(14, 'once', CONNECT_FAILED, 'TLS with the target failed.'),
  CLIENT_DENIED: entry(15, 'never', REFUSED_STREAM, 'The client is not allowed to use this connection.'),
  CLIENT_GONE: entry(16, 'never', CANCEL, 'The client disconnected before the target answered.'),
  LIMIT_EXCEEDED: entry(17, 'never', CALM, 'A limit was reached.'),
  PROTOCOL_ERROR: entry(18, 'never', PROTOCOL, 'The peer violated the protocol.'),
  IDENTITY_EXPIRED: entry(19, 'never', REFUSED_STREAM, "The agent's certificate has expired."),
  IDENTITY_REVOKED: entry(20, 'never', REFUSED_STREAM, "The agent's identity has been revoked."),
  VERSION_UNSUPPORTED: entry(
    21,
    'never',
    REFUSED_STREAM,
    'Agent and gateway have no protocol version in common.',
  ),
  INTERNAL: entry(22, 'always', INTERNAL, 'Penstock failed internally.'),
  TARGET_RESET: entry(23, 'never', CONNECT_FAILED, 'The target reset the connection.'),
  CLIENT_RESET: entry(24, 'never', CANCEL, 'The client reset the connection.'),
  HALF_CLOSED_TIMEOUT: entry(
    25,
    'never',
    CANCEL,
    'One side closed its direction, and the other side was silent for too long.',
  ),
  DRAIN_TIMEOUT: entry(26, 'never', CANCEL, 'The connection was still open at the drain deadline.'),
  IDENTITY_UNKNOWN: entry(27, 'never', REFUSED_STREAM, 'This gateway did not issue the certificate.'),
  IDLE_TIMEOUT: entry(28, 'never', CANCEL, 'The connection was idle for too long.'),
  GRANT_INVALID: entry(29, 'never', REFUSED_STREAM, "The client's grant has expired or was revoked."),
  AGENT_TIMEOUT: entry(30, 'once', CANCEL, 'The agent did not answer in time.'),
  RESUME_UNKNOWN: entry(31, 'never', REFUSED_STREAM, 'The agent no longer has the connection.'),
  OPERATOR_CLOSED: entry(32, 'never', CANCEL, 'An operator ended the connection.'),
} as const satisfies Record<string, CloseCodeEntry>;

export type CloseCode = keyof typeof closeCodes;

export function isCloseCode(value: string): value is CloseCode {
  return Object.hasOwn(closeCodes, value);
}
