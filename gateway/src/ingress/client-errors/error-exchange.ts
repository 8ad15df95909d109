import type { ClientError } from './client-error.ts';

/** The next step after the bytes received so far. */
export type ErrorStep =
  | { readonly is: 'incomplete' }
  /**
   * Send `bytes` and go on with what follows the first `consumed` bytes. `isError`: they contain the error, and the
   * client may be closed when it sends nothing more.
   */
  | { readonly is: 'answer'; readonly bytes: Buffer; readonly consumed: number; readonly isError?: true }
  /** Send `bytes` and close. They contain the error, unless the protocol has no place for one. */
  | { readonly is: 'final'; readonly bytes: Buffer }
  /**
   * Send `answer`, terminate the client's TLS, which starts after `consumed` bytes, and go on with what it encrypts.
   * `framing`: TLS records are sent inside PRELOGIN packets (MS-TDS 2.2.6.5). `otherwise`: send
   * this instead, where the gateway has no certificate for clients; the client continues in plaintext.
   */
  | {
      readonly is: 'tls';
      readonly answer: Buffer;
      readonly consumed: number;
      readonly framing?: 'prelogin';
      /** Only the client's next message is encrypted, and the answer to it is not. */
      readonly isOnce?: boolean;
      readonly otherwise?: Buffer;
    }
  /** The bytes are not those of this protocol: reset the client. */
  | { readonly is: 'invalid' };

/** Reports one error to one client in its own protocol. Opens no socket. */
export type ErrorExchange = {
  /** Sent before anything is read, if the server speaks first in this protocol; the client is then closed. */
  readonly greeting?: Buffer;
  /**
   * `received`: everything received since the last `answer` or the start of TLS. `isEncrypted`: the client's TLS ends
   * at the gateway.
   */
  readonly push: (received: Buffer, isEncrypted: boolean) => ErrorStep;
};

export type CreateErrorExchange = (error: ClientError) => ErrorExchange;

export const INCOMPLETE: ErrorStep = { is: 'incomplete' };
export const INVALID: ErrorStep = { is: 'invalid' };

const HANDSHAKE_RECORD = 0x16;

/** Whether bytes are the start of TLS: a handshake record, whose major version is 3. */
export const startsTls = (bytes: Buffer) =>
  bytes[0] === HANDSHAKE_RECORD && (bytes.length === 1 || bytes[1] === 3);

/** The step for a client that starts with TLS. */
export const TLS_FIRST: ErrorStep = { is: 'tls', answer: Buffer.alloc(0), consumed: 0 };
