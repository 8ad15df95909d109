import type { ProtocolExchange } from './protocol-exchange.ts';

/** What a target answered in its own protocol. */
export type ProtocolAnswer = {
  /** For people: a version or a status. */
  readonly detail?: string;
  /** Length of the answer, if the target now expects a TLS handshake on this connection. */
  readonly startTlsAfterBytes?: number;
  /** What to do inside of TLS before the connection is closed. Throws CheckFailure. */
  readonly insideTls?: (exchange: ProtocolExchange) => Promise<void>;
};

/**
 * Queries a target in its own protocol, without credentials and, where possible, without an entry in the target's log.
 * Throws CheckFailure when the answer is not one of that protocol.
 */
export type ProtocolCheck = (exchange: ProtocolExchange, host: string) => Promise<ProtocolAnswer>;
