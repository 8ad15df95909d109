import { isHttp2Stream, type NearEnd, resetSocket, type SocketReader } from '@penstock/transport';
import type { CloseCode, TunnelError } from '@penstock/wire';
import type { Dialed, DialOptions } from '../routing/dial.ts';
import type { TargetStream } from '../routing/session-contract.ts';
import type { ClientSource } from './client-source.ts';

/** A client of which a way in has learned the connection that it wants. */
export type RoutedClient = {
  /** What is joined with the target: a socket with `allowHalfOpen`, or an HTTP/2 stream. Neither may be flowing. */
  readonly socket: NearEnd;
  /** Present when the socket was made with it. */
  readonly reader?: SocketReader | undefined;
  /** Where the client comes from. */
  readonly source: ClientSource;
  readonly wishes?: DialOptions;
  /**
   * Says what client and target must hear before they are joined, on the stream that the target has answered: nothing
   * but this reads or writes it. Rejects with TunnelError, or when `signal` is aborted.
   */
  readonly introduce?: (target: TargetStream, signal: AbortSignal) => Promise<void>;
  /** Called when client and target are joined. May listen to what the stream brings, and must not read it. */
  readonly joined?: (target: TargetStream, dialed: Dialed) => void;
  /** Tells the client, in its own protocol, why it is not served, and ends its socket. A reset when left out. */
  readonly refuse?: (error: TunnelError) => void;
  /** Ends the client by a reset, where that is not one of `socket` itself. */
  readonly reset?: (code: CloseCode) => void;
  /** Ends the client when it is aborted, with the reason's code where that is a TunnelError. */
  readonly signal?: AbortSignal;
  /** Whether the client's FIN is not to be believed; see SpliceOptions. */
  readonly isTruncated?: () => boolean;
  /** Called when the client is gone, and everything with it. */
  readonly ended?: () => void;
};

/** Ends an arrival that is not served. The socket must have an error listener. */
export function refuseClient({ socket, refuse, reset }: RoutedClient, error: TunnelError): void {
  // A reset, not a FIN: nothing was answered, and nothing should look like an answer.
  if (refuse !== undefined) refuse(error);
  else if (reset !== undefined) reset(error.code);
  else if (isHttp2Stream(socket)) socket.destroy(error);
  else resetSocket(socket);
}
