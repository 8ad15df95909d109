import { connect, type Socket } from 'node:net';
import { SocketReader, TCP_KEEPALIVE_DELAY_MS, type TlsTransport } from '@penstock/transport';
import { fromDialError, TunnelError } from '@penstock/wire';
import type { Address } from './lookup.ts';

export type DialedTarget = {
  readonly socket: Socket;
  /** Present when the socket was made with it. */
  readonly reader?: SocketReader;
  /** Present when the socket is a TLS socket: what carries it. */
  readonly transport?: TlsTransport;
};

/** With several addresses, how long each has before the next is tried beside it (RFC 8305 section 5). */
const NEXT_ADDRESS_AFTER = 1_000;

/**
 * A TCP connection to the first of `addresses` that answers. `name` is the target as people know it, for messages.
 * Throws TunnelError; `signal`'s reason when it is aborted. The caller owns the socket.
 */
export async function dialTarget(
  name: string,
  addresses: readonly Address[],
  port: number,
  signal: AbortSignal,
): Promise<DialedTarget> {
  const reader = new SocketReader();
  return { socket: await connectTarget(name, addresses, port, signal, reader), reader };
}

/** The same, read by whoever listens on the socket unless a `reader` is given. */
export function connectTarget(
  name: string,
  addresses: readonly Address[],
  port: number,
  signal: AbortSignal,
  reader?: SocketReader,
): Promise<Socket> {
  const [first] = addresses;
  if (first === undefined) return Promise.reject(new TunnelError('DNS_FAILED', `${name} has no address.`));
  const socket = connect({
    ...(addresses.length === 1
      ? { host: first.address }
      : {
          host: name,
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER,
          lookup: (_host, _options, callback) => callback(null, [...addresses]),
        }),
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEPALIVE_DELAY_MS,
    ...(reader && { onread: reader.onread }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const abort = () => {
    socket.destroy();
    reject(signal.reason);
  };
  const fail = (error: Error) => reject(fromDialError(error, `${name}:${port}`));
  socket.once('error', fail);
  socket.once('connect', () => {
    signal.removeEventListener('abort', abort);
    socket.off('error', fail);
    resolve(socket);
  });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return promise.catch((error: unknown) => {
    signal.removeEventListener('abort', abort);
    socket.on('error', () => {}).destroy();
    throw error;
  });
}
