import { resetSocket } from '@penstock/transport';
import { errorText, TunnelError } from '@penstock/wire';
import { ClientReader } from '../client-reader.ts';
import type { AcceptedClient, CreateHandler, IngressServices } from '../ingress-handler.ts';
import { LingeringSockets } from '../lingering-sockets.ts';
import type { PendingHandshake } from '../pending-handshakes.ts';
import { terminateAs } from '../tls/terminate.ts';
import type { HttpClient } from './http-client.ts';
import { openHttp1 } from './http1.ts';
import { Http2 } from './http2.ts';

/** How the preface of HTTP/2 begins (RFC 9113 section 3.4), and no request of HTTP/1.1. */
const PREFACE = Buffer.from('PRI ');

/**
 * The clients of a port for HTTP CONNECT, in HTTP/1.1 and HTTP/2: told apart by ALPN with TLS, and without by what
 * they say first.
 */
export const createHttpConnectHandler: CreateHandler<'httpConnect'> = (services, bindings) => {
  const lingering = new LingeringSockets();
  const http1 = openHttp1(services, bindings, lingering);
  const http2 = new Http2(services, bindings);

  const greet = async (inClear: HttpClient) => {
    const { signal, socket } = inClear;
    if (bindings()[0]?.ingress.tls === 'off') {
      const bytes = new ClientReader(socket, signal);
      const first = await bytes.take(PREFACE.length);
      bytes.putBack(first);
      if (first.equals(PREFACE)) http2.take(inClear);
      else http1.take(inClear);
      return;
    }
    const nothing = Buffer.alloc(0);
    const { tls, transport } = await terminateAs(socket, nothing, ['h2', 'http/1.1'], services.tls, signal);
    const client = {
      ...inClear,
      socket: tls,
      reset: () => transport.reset(),
      isTruncated: () => transport.isTruncated,
    };
    // Only Node's own TLS server says so, and node:http2 would wait for it.
    Reflect.set(tls, 'secureConnecting', false);
    if (tls.alpnProtocol === 'h2') http2.take(client);
    else http1.take(client);
  };

  return {
    take(accepted) {
      const { socket, source, release } = accepted;
      socket.once('close', release);
      try {
        const client = clientOf(accepted, services.handshakes.enter(source.address), services);
        greet(client).catch(client.fail);
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

/** What holds until the version of HTTP is known, and after that in clear text. */
function clientOf(
  { socket, source }: AcceptedClient,
  place: PendingHandshake,
  services: IngressServices,
): HttpClient {
  const { signal } = place;
  const reset = () => resetSocket(socket);
  const leave = () => {
    signal.removeEventListener('abort', late);
    place.leave();
  };
  const fail = (error: unknown) => {
    leave();
    const problem = error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error));
    // A failed handshake has ended the socket already; whoever left of itself needs no line.
    if (socket.destroyed && problem.code !== 'PROTOCOL_ERROR' && problem.code !== 'CLIENT_DENIED') return;
    services.denied(source, problem);
    reset();
  };
  const late = () => fail(signal.reason);
  signal.addEventListener('abort', late, { once: true });
  socket.once('close', leave);
  return { socket, source, signal, leave, fail, reset, isTruncated: undefined };
}
