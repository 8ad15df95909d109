import type { Conversation } from './conversation.ts';

/** What a target said in its own protocol. */
export type ProtocolAnswer = {
  /** For people: a version, a status. */
  readonly detail?: string;
  /** Bytes of the answer, when the target now waits for a TLS handshake on this connection. */
  readonly startTls?: number;
};

/**
 * Asks a target in its own protocol, without credentials and so that it logs nothing where that can be had. Throws
 * CheckFailure when the answer is none.
 */
export type ProtocolCheck = (conversation: Conversation, host: string) => Promise<ProtocolAnswer>;
