import { Socket, type SocketConstructorOpts } from 'node:net';
import { SocketReader } from '@penstock/transport';

export type AcceptedSocket = { readonly socket: Socket; readonly reader: SocketReader | undefined };

/**
 * Makes an accepted socket anew with a reader, which only the constructor takes: net.Server has no option for it.
 * A fifth less CPU at the gateway for what clients send (docs/decisions/0004). `accepted` must be paused, and nothing read of it; on a Node
 * whose sockets have no `_handle` it is used as it is.
 */
export function withReader(accepted: Socket): AcceptedSocket {
  const owner = accepted as { _handle?: SocketConstructorOpts['handle'] | null };
  const handle = owner._handle;
  if (handle === undefined || handle === null) return { socket: accepted, reader: undefined };
  owner._handle = null;
  const reader = new SocketReader();
  const options = { handle, readable: true, writable: true, allowHalfOpen: true, onread: reader.onread };
  return { socket: new Socket(options), reader };
}
