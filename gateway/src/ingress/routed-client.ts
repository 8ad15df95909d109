import { isHttp2Stream, type NearEnd, resetSocket, type SocketReader } from '@penstock/transport';
import type { CloseCode, TunnelError } from '@penstock/wire';
import type { LoggedClient } from '../control-plane-port.ts';
import type { Dialed, DialOptions } from '../routing/dial.ts';
import type { TargetStream } from '../routing/session-contract.ts';
import type { ClientSource } from './client-source.ts';

/** What a client has shown of itself, apart from its address. */
export type ClientIdentity = Partial<Pick<LoggedClient, 'host' | 'grant' | 'subject'>>;

/** The ingress on which a client was accepted. */
export type AcceptingIngress = Pick<LoggedClient, 'ingress' | 'ingressKind'>;

/** A client whose connection is known and that is ready to be joined with its target. */
export type RoutedClient = {
  /** The end to join: a socket with `allowHalfOpen`, or an HTTP/2 stream. It must not be flowing. */
  readonly socket: NearEnd;
  /** Present if the socket was constructed with it. */
  readonly reader?: SocketReader | undefined;
  readonly source: ClientSource;
  /** What else identifies the client in the connection log. */
  readonly identity?: ClientIdentity;
  readonly dialOptions?: Pick<DialOptions, 'address' | 'secure' | 'clientSpeaksFirst'>;
  /**
   * Sends what client and target must receive before they are joined. Called once the target is connected, with
   * exclusive use of its stream. Rejects with TunnelError, or with the signal's reason if that is aborted.
   */
  readonly prepare?: ((target: TargetStream, signal: AbortSignal) => Promise<void>) | undefined;
  /** Called when client and target are joined. May add listeners to the stream but must not read from it. */
  readonly onJoined?: ((target: TargetStream, dialed: Dialed) => void) | undefined;
  /** Reports the error in the client's protocol and closes the client. Undefined: the client is reset. */
  readonly refuse?: ((error: TunnelError) => void) | undefined;
  /** Resets the client. Required if resetting `socket` itself is not enough, for example under TLS. */
  readonly reset?: ((code: CloseCode) => void) | undefined;
  /** Resets the client when aborted, with the code of the reason if that is a TunnelError. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the end of the client's bytes was not authentic; see SpliceOptions. */
  readonly isTruncated?: (() => boolean) | undefined;
  /** Called when the client is closed and none of its resources are in use. */
  readonly onClosed?: (() => void) | undefined;
};

/**
 * Closes a client that is not served. Without a `refuse` of its own it is reset, since a FIN would look like an empty
 * but complete response. Its socket must have an error listener.
 */
export function refuseClient({ socket, refuse, reset }: RoutedClient, error: TunnelError): void {
  if (refuse !== undefined) refuse(error);
  else if (reset !== undefined) reset(error.code);
  else if (isHttp2Stream(socket)) socket.destroy(error);
  else resetSocket(socket);
}
