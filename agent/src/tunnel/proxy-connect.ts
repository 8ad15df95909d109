import { type ClientRequest, request } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { errorTextAt } from '@penstock/wire';
import http2wrapper from 'http2-wrapper';
import { connectTcp } from './connect-tcp.ts';
import { GatewayError } from './gateway-error.ts';
import { adviceForChallenge, type Challenge, offeredSchemes } from './proxy-challenge.ts';

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
  let challenge: Challenge | undefined;
  /** The library reports the status of a refusal, but not its headers. */
  class ConnectAgent extends http2wrapper.proxies.Http2OverHttp {
    async _getProxyStream(authority: string): Promise<[Duplex, number, string]> {
      const { promise, resolve, reject } = Promise.withResolvers<[Duplex, number, string]>();
      const asked = connectRequest(toProxy, authority, credentials(proxy), signal);
      asked.once('error', reject);
      asked.once('connect', ({ statusCode = 0, statusMessage = '', headersDistinct }, socket, head) => {
        asked.off('error', reject);
        if (statusCode === 407) {
          challenge = {
            schemes: offeredSchemes(headersDistinct['proxy-authenticate']),
            hasCredentials: proxy.username !== '' || proxy.password !== '',
          };
        }
        socket.unshift(head);
        resolve([socket, statusCode, statusMessage]);
      });
      return promise;
    }
  }
  try {
    const agent = new ConnectAgent({ proxyOptions: { url: withoutCredentials(proxy) } });
    return await agent.createConnection(new URL(gateway), { ...tls } as never);
  } catch (error) {
    toProxy.destroy();
    throw proxyError(proxy, error, challenge);
  }
}

/** Requests a connection on a socket of our own, because the library leaves its socket open when the proxy refuses. */
function connectRequest(
  toProxy: Socket,
  authority: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): ClientRequest {
  return request({
    createConnection: () => toProxy,
    method: 'CONNECT',
    path: authority,
    headers: { ...headers, host: authority },
    signal,
  }).end();
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

/** Only the request may see them. */
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

function proxyError(proxy: URL, error: unknown, challenge?: Challenge): GatewayError {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status !== 'number') {
    return new GatewayError('PROXY_UNREACHABLE', `${errorTextAt(proxy.host, error)}.`, { cause: error });
  }
  const advice =
    challenge === undefined
      ? 'Ask its owners to allow CONNECT to the gateway.'
      : adviceForChallenge(challenge);
  return new GatewayError('PROXY_REFUSED', `${proxy.host} answered ${status}. ${advice}`, { cause: error });
}
