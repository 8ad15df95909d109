import type { Socket } from 'node:net';
import type { ClientSource } from '../client-source.ts';

/** A client whose version of HTTP is known. */
export type HttpClient = {
  /** Its TCP socket, or the TLS socket on it. */
  readonly socket: Socket;
  readonly source: ClientSource;
  /** Aborted when the time for its first request is up. */
  readonly signal: AbortSignal;
  /** Its first request has come: it no longer counts among those that have not said what they want. */
  readonly leave: () => void;
  /** Ends it by a reset, and says why in the log. */
  readonly fail: (error: unknown) => void;
  /** Ends it by a reset. */
  readonly reset: () => void;
  /** See SpliceOptions. */
  readonly isTruncated: (() => boolean) | undefined;
};
