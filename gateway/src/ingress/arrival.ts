import type { ServerHttp2Stream } from 'node:http2';
import { resetSocket, type TunnelError } from '@penstock/wire';
import type { DialWishes } from '../routing/dial.ts';
import type { AcceptedSocket } from './accepted-socket.ts';

/** A client of which a way in has learned the connection that it wants. */
export type Arrival = AcceptedSocket & {
  /** Where the client comes from. */
  readonly address: string;
  readonly wishes?: DialWishes;
  /**
   * Says what client and target must hear before they are joined, on the stream that the target has answered: nothing
   * but this reads or writes it. Rejects with TunnelError, or when `signal` is aborted.
   */
  readonly introduce?: (stream: ServerHttp2Stream, signal: AbortSignal) => Promise<void>;
  /** Tells the client, in its own protocol, why it is not served, and ends its socket. A reset when left out. */
  readonly refuse?: (error: TunnelError) => void;
};

/** Ends an arrival that is not served. The socket must have an error listener. */
export function refuseArrival({ socket, refuse }: Arrival, error: TunnelError): void {
  // A reset, not a FIN: nothing was answered, and nothing should look like an answer.
  if (refuse === undefined) resetSocket(socket);
  else refuse(error);
}
