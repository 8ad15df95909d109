import type { Socket } from 'node:net';
import type { ClientSource } from '../client-source.ts';

/** A client connection of an HTTP CONNECT ingress, in either version of HTTP. */
export type HttpClient = {
  /** The TCP socket, or the TLS socket on top of it. */
  readonly socket: Socket;
  readonly source: ClientSource;
  /** Subject of the client's certificate. */
  readonly subject: string | undefined;
  /** Aborted when the handshake, which includes the first request, times out. */
  readonly signal: AbortSignal;
  /** Ends the pending handshake. Called when the first request has arrived. Idempotent. */
  readonly endHandshake: () => void;
  /** Logs the error and resets the client. */
  readonly fail: (error: unknown) => void;
  readonly reset: () => void;
  /** See SpliceOptions. */
  readonly isTruncated: (() => boolean) | undefined;
};
