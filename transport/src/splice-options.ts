import type { CloseCode } from '@penstock/wire';
import type { SessionLoss } from './far-end.ts';
import type { SocketReader } from './socket-reader.ts';

export type SpliceOptions = {
  /** The reader whose `onread` the socket was created with, if any. */
  readonly reader?: SocketReader | undefined;
  /** Milliseconds without a byte after which a half-closed connection is reset. */
  readonly halfClosedTimeout: number;
  /** Milliseconds without a byte after which any connection is reset; never when 0 or omitted. */
  readonly idleTimeout?: number | undefined;
  /** Resets the near end. Needed for TLS, where the TCP socket below must be reset. */
  readonly reset?: ((code: CloseCode) => void) | undefined;
  /** Whether the FIN of the near end must not be trusted, because its TLS was truncated. Called when it arrives. */
  readonly isTruncated?: (() => boolean) | undefined;
  /** Code for a reset by the peer of the socket: the client at the gateway, the target at the agent. */
  readonly socketReset: CloseCode;
  /** Code for a reset by the peer on the other side of the tunnel. */
  readonly streamReset: CloseCode;
  /** Needed when the far end has a link. */
  readonly carry?: CarryOptions | undefined;
};

/** What a connection that outlives its stream needs. */
export type CarryOptions = {
  /** What was written to the stream before the splice. It counts as sent, and is sent again if it was lost. */
  readonly sent?: readonly Buffer[];
  /** Bytes read from the stream before the splice. */
  readonly received?: number;
  /** Called when the stream was lost with its session. The owner attaches another one, or aborts the splice. */
  readonly onAdrift: (loss: SessionLoss) => void;
  /** Called when the session retires. The owner may detach the splice and attach it to another one. */
  readonly onRetiring?: () => void;
};

export type SpliceEnd = {
  /** Undefined when both sides finished with a FIN. */
  readonly code: CloseCode | undefined;
  /** Details about the code, from the side that ended the splice or its stream. */
  readonly detail: string | undefined;
  /** The side whose FIN came first. Undefined when neither sent one. */
  readonly finishedFirst: 'socket' | 'stream' | undefined;
  readonly bytesFromSocket: number;
  readonly bytesToSocket: number;
};
