import { connect, type Socket } from 'node:net';
import { SocketReader, TCP_KEEPALIVE_DELAY_MS, type TlsTransport } from '@penstock/transport';
import { fromDialError, TunnelError } from '@penstock/wire';
import type { Address } from './lookup.ts';

export type DialedTarget = {
  readonly socket: Socket;
  /** Reads the socket, if the socket was created with it. */
  readonly reader?: SocketReader;
  /** Carries the socket, if it is a TLS socket. */
  readonly transport?: TlsTransport;
};

/** Delay before the next of several addresses is tried in parallel (RFC 8305 section 5). */
const NEXT_ADDRESS_DELAY_MS = 1_000;

/**
 * Connects to the first of `addresses` that answers. `name` is the host for messages. Throws TunnelError, or the reason of
 * `signal` when it aborts. The caller owns the socket.
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

/** Like `dialTarget`, for a socket that is read through its 'data' event unless `reader` is given. */
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
          autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_DELAY_MS,
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
