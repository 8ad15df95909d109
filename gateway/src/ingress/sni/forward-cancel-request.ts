import type { Socket } from 'node:net';
import { TunnelError } from '@penstock/wire';
import type { HandshakingClient } from '../pending-handshakes.ts';
import type { SniPort } from './sni-port.ts';

/**
 * Forwards a PostgreSQL CancelRequest and closes the client's connection without a response, as a server does. `socket`
 * is the client's TCP or TLS socket, `reset` what resets it if that takes more than the socket itself.
 */
export async function forwardCancelRequest(
  { source, signal }: HandshakingClient,
  request: Buffer,
  { socket, reset }: { readonly socket: Socket; readonly reset?: () => void },
  { services, cancelRequests, lingering }: SniPort,
): Promise<void> {
  try {
    await cancelRequests.forward(request, source, signal);
  } catch (error) {
    if (!(error instanceof TunnelError)) throw error;
    services.denied(source, error);
  }
  lingering.end(socket, Buffer.alloc(0), reset);
}
