import { connect, type Socket } from 'node:net';
import {
  type ConnectAttempt,
  raceConnect,
  SocketReader,
  TCP_KEEPALIVE_DELAY_MS,
  type TlsTransport,
} from '@penstock/transport';
import { errorCode, fromDialError, TunnelError } from '@penstock/wire';
import type { Address } from './lookup.ts';

export type DialedTarget = {
  readonly socket: Socket;
  /** Reads the socket, if the socket was created with it. */
  readonly reader?: SocketReader | undefined;
  /** Carries the socket, if it is a TLS socket. */
  readonly transport?: TlsTransport | undefined;
};

/**
 * Connects to the first of `addresses` that answers. `name` is the host for messages. Throws TunnelError, or the reason of
 * `signal` when it aborts. The caller owns the socket.
 */
export function dialTarget(
  name: string,
  addresses: readonly Address[],
  port: number,
  signal: AbortSignal,
): Promise<DialedTarget & { readonly reader: SocketReader }> {
  // Each attempt has a reader of its own, because a socket is created with it.
  const connectTo = (address: string) => {
    const reader = new SocketReader();
    return { socket: openSocket(address, port, reader), reader };
  };
  return race(name, addresses, port, connectTo, signal);
}

/** Like `dialTarget`, for a socket that is read through its 'data' event. */
export async function connectTarget(
  name: string,
  addresses: readonly Address[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const connectTo = (address: string) => ({ socket: openSocket(address, port) });
  return (await race(name, addresses, port, connectTo, signal)).socket;
}

async function race<Attempt extends ConnectAttempt>(
  name: string,
  addresses: readonly Address[],
  port: number,
  connectTo: (address: string) => Attempt,
  signal: AbortSignal,
): Promise<Attempt> {
  if (addresses.length === 0) throw new TunnelError('DNS_FAILED', `${name} has no address.`);
  const errors: Error[] = [];
  try {
    return await raceConnect(addresses, connectTo, { signal, onFailed: (error) => errors.push(error) });
  } catch (error) {
    if (signal.aborted && (errors.length === 0 || errorCode(error) !== 'DIAL_TIMEOUT')) throw error;
    const failure = fromDialError(new AggregateError(errors), `${name}:${port}`);
    // An address that refused says more than those that did not answer, but one without a route says less.
    throw signal.aborted && failure.code === 'UNREACHABLE' ? error : failure;
  }
}

function openSocket(host: string, port: number, reader?: SocketReader): Socket {
  return connect({
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEPALIVE_DELAY_MS,
    ...(reader && { onread: reader.onread }),
  });
}
