import { resetSocket } from '@penstock/transport';
import { errorText, TunnelError } from '@penstock/wire';
import { ClientReader } from '../client-reader.ts';
import type { AcceptedClient, CreateHandler, IngressServices } from '../ingress-handler.ts';
import { LingeringSockets } from '../lingering-sockets.ts';
import type { PendingHandshake } from '../pending-handshakes.ts';
import { terminateTls } from '../tls/terminate-tls.ts';
import type { HttpClient } from './http-client.ts';
import { createHttp1Server } from './http1-server.ts';
import { Http2Server } from './http2-server.ts';

/** Start of the HTTP/2 connection preface (RFC 9113 section 3.4). No HTTP/1.1 request starts like this. */
const PREFACE_START = Buffer.from('PRI ');

/**
 * Handles the clients of an HTTP CONNECT port, in HTTP/1.1 and HTTP/2. The version is negotiated by ALPN with TLS and
 * detected from the first bytes without TLS.
 */
export const createHttpConnectHandler: CreateHandler<'httpConnect'> = (services, bindings) => {
  const lingering = new LingeringSockets();
  const http1 = createHttp1Server(services, bindings, lingering);
  const http2 = new Http2Server(services, bindings);

  const negotiateVersion = async (plaintext: HttpClient) => {
    const { signal, socket } = plaintext;
    if (bindings()[0]?.ingress.tls === 'off') {
      const reader = new ClientReader(socket, signal);
      const start = await reader.read(PREFACE_START.length);
      reader.unshift(start);
      if (start.equals(PREFACE_START)) http2.handle(plaintext);
      else http1.handle(plaintext);
      return;
    }
    const { tls, transport, subject } = await terminateTls(
      socket,
      { received: Buffer.alloc(0), protocols: ['h2', 'http/1.1'] },
      services.tls,
      signal,
    );
    const client = {
      ...plaintext,
      socket: tls,
      subject,
      reset: () => transport.reset(),
      isTruncated: () => transport.isTruncated,
    };
    // Internal to Node: tls.Server clears this after the handshake, TLSSocket does not, and node:http2 waits for it.
    Reflect.set(tls, 'secureConnecting', false);
    if (tls.alpnProtocol === 'h2') http2.handle(client);
    else http1.handle(client);
  };

  return {
    handle(accepted) {
      const { socket, source, release } = accepted;
      socket.once('close', release);
      try {
        const client = httpClientOf(accepted, services.handshakes.begin(source.address), services);
        negotiateVersion(client).catch(client.fail);
      } catch (error) {
        services.denied(source, error as TunnelError);
        resetSocket(socket);
      }
    },
    close() {
      http2.close();
      lingering.close();
    },
  };
};

/** The client before TLS, which it stays if the ingress has none. */
function httpClientOf(
  { socket, source }: AcceptedClient,
  handshake: PendingHandshake,
  services: IngressServices,
): HttpClient {
  const { signal } = handshake;
  const reset = () => resetSocket(socket);
  const endHandshake = () => {
    signal.removeEventListener('abort', onTimeout);
    handshake.end();
  };
  const fail = (error: unknown) => {
    endHandshake();
    const problem = error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error));
    // A failed TLS handshake has destroyed the socket already. A client that merely disconnected is not logged.
    if (socket.destroyed && problem.code !== 'PROTOCOL_ERROR' && problem.code !== 'CLIENT_DENIED') return;
    services.denied(source, problem);
    reset();
  };
  const onTimeout = () => fail(signal.reason);
  signal.addEventListener('abort', onTimeout, { once: true });
  socket.once('close', endHandshake);
  return { socket, source, subject: undefined, signal, endHandshake, fail, reset, isTruncated: undefined };
}
