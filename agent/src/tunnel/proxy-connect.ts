import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { errorText } from '@penstock/wire';
import http2wrapper from 'http2-wrapper';
import { connectTcp } from './connect-tcp.ts';
import { GatewayError } from './gateway-error.ts';

/**
 * Connects to the gateway through CONNECT of an HTTP proxy and returns a TLS socket whose handshake has not completed.
 * Basic credentials are taken from the proxy URL. Throws GatewayError. The caller owns the socket.
 */
export async function connectThroughProxy(
  proxy: URL,
  gateway: string,
  tls: ConnectionOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const toProxy = await connectProxy(proxy, signal);
  const proxyOptions = {
    url: withoutCredentials(proxy),
    headers: credentials(proxy),
    signal,
    // Created here because the library does not destroy the socket when the proxy refuses.
    createConnection: () => toProxy,
  };
  try {
    const agent = new http2wrapper.proxies.Http2OverHttp({ proxyOptions });
    return await agent.createConnection(new URL(gateway), { ...tls } as never);
  } catch (error) {
    toProxy.destroy();
    throw proxyError(proxy, error);
  }
}

async function connectProxy(proxy: URL, signal: AbortSignal): Promise<Socket> {
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const isTls = proxy.protocol === 'https:';
  try {
    const socket = await connectTcp(host, Number(proxy.port || (isTls ? 443 : 80)), signal);
    if (!isTls) return socket;
    return connectTls({
      socket,
      host,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 && { servername: host }),
    });
  } catch (error) {
    throw proxyError(proxy, error);
  }
}

/** The library would send user and password as they are in the URL, percent-encoded. */
function withoutCredentials(proxy: URL): URL {
  const bare = new URL(proxy);
  bare.username = '';
  bare.password = '';
  return bare;
}

function credentials(proxy: URL): Record<string, string> {
  if (proxy.username === '' && proxy.password === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function proxyError(proxy: URL, error: unknown): GatewayError {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status !== 'number') {
    return new GatewayError('PROXY_UNREACHABLE', `${proxy.host}: ${errorText(error)}.`, { cause: error });
  }
  const advice =
    status === 407
      ? 'It requires credentials. Add user and password to the proxy URL.'
      : 'Ask its owners to allow CONNECT to the gateway.';
  return new GatewayError('PROXY_REFUSED', `${proxy.host} answered ${status}. ${advice}`, { cause: error });
}
