import { isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { formatHostPort, type HostPort, type ProxySetting, withoutFinalDot } from '@penstock/config-schema';
import { tunnelClientTls } from '@penstock/transport';
import { errorCode, errorText, errorTextAt } from '@penstock/wire';
import { checkGateway } from './check-gateway.ts';
import { connectTcp } from './connect-tcp.ts';
import { GatewayError } from './gateway-error.ts';
import { type Environment, proxyFor } from './proxy.ts';
import { connectThroughProxy } from './proxy-connect.ts';

/** The gateway as the agent's file names it. */
export type GatewayTarget = {
  readonly url: string;
  readonly address: HostPort;
  readonly pins: readonly string[];
  readonly trust: 'system' | 'pins';
  readonly proxy: ProxySetting;
};

/** A key and its certificate chain, both in PEM. */
export type ClientIdentity = { readonly key: string; readonly certificate: string };

export type DialOptions = {
  readonly identity: ClientIdentity | undefined;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Milliseconds from the first packet to the end of the TLS handshake, proxy included. */
  readonly timeout?: number;
};

/** Equal to the gateway's handshake timeout. */
const DIAL_TIMEOUT_MS = 10_000;

/**
 * Makes a TLS connection to the gateway, directly or through a proxy. The certificate pin has been checked and no byte
 * written when it resolves. Enrollment, renewal and sessions all use it. Throws GatewayError. The caller owns the socket and
 * must close it.
 */
export async function dialGateway(target: GatewayTarget, options: DialOptions): Promise<TLSSocket> {
  const timeoutMs = options.timeout ?? DIAL_TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([timeout, options.signal]);
  const { host, port } = target.address;
  const tls: ConnectionOptions = {
    ...tunnelClientTls,
    servername: isIP(host) === 0 ? withoutFinalDot(host) : '',
    // checkGateway checks chain and pin on every connection, with a message that names the presented certificate.
    rejectUnauthorized: false,
    ...(options.identity && { key: options.identity.key, cert: options.identity.certificate }),
  };
  const proxy = proxyFor(target.proxy, target.address, options.environment);
  let peer = proxy === undefined ? formatHostPort({ host, port }) : `the proxy ${proxy.host}`;
  try {
    const socket =
      proxy === undefined
        ? await connectDirectly(host, port, tls, signal)
        : await connectThroughProxy(proxy, target.url, tls, signal);
    if (proxy !== undefined) peer = `${formatHostPort({ host, port })} (through the proxy ${proxy.host})`;
    await handshake(socket, signal);
    checkOrDestroy(socket, target);
    return socket;
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (timeout.aborted) {
      throw new GatewayError('GATEWAY_TIMEOUT', `No answer from ${peer} within ${timeoutMs / 1000} s.`, {
        cause: error,
      });
    }
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('GATEWAY_UNREACHABLE', `${errorTextAt(peer, error)}.`, { cause: error });
  }
}

async function connectDirectly(
  host: string,
  port: number,
  tls: ConnectionOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  return connectTls({ ...tls, host, socket: await connectTcp(host, port, signal) });
}

function handshake(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => socket.destroy(new Error('The dial was aborted.'));
  const fail = (error: Error) => {
    // Only the prefix of the code distinguishes a failed handshake from a failed connection.
    const inTls = 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_SSL');
    const detail = isNotTls(error)
      ? 'The peer does not speak TLS. Check that gateway.url names the tunnel port, not the admin port.'
      : `${errorText(error)}.`;
    if (inTls) reject(new GatewayError('GATEWAY_TLS_FAILED', detail, { cause: error }));
    else if (errorCode(error) !== 'ECONNRESET') reject(error);
    else reject(new Error('The connection was closed during the TLS handshake', { cause: error }));
  };
  const close = () =>
    reject(new GatewayError('GATEWAY_TLS_FAILED', 'The connection was closed during the handshake.'));
  signal.addEventListener('abort', abort, { once: true });
  socket.once('secureConnect', resolve).once('error', fail).once('close', close);
  if (signal.aborted) abort();
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    socket.off('secureConnect', resolve).off('error', fail).off('close', close);
    // An error before the HTTP/2 session listens must not end the process.
    socket.on('error', () => {});
  });
}

/** Whether the answer was not a TLS record, for example plain HTTP. */
function isNotTls(error: Error): boolean {
  const code = errorCode(error);
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
}

function checkOrDestroy(socket: TLSSocket, target: GatewayTarget): void {
  try {
    checkGateway(socket, { pins: target.pins, trust: target.trust, host: target.address.host });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
