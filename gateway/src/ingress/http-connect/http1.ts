import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { limits, TunnelError } from '@penstock/wire';
import type { IngressBinding, IngressServices } from '../ingress-handler.ts';
import type { LingeringSockets } from '../lingering-sockets.ts';
import { type Answer, answerOf, askForConnect, http1Text } from './answer.ts';
import { serveConnect } from './connect-request.ts';
import type { HttpClient } from './http-client.ts';

/** Takes over clients that speak HTTP/1.1. */
export type Http1 = { take(client: HttpClient): void };

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** One CONNECT a connection (RFC 9112): whoever gets no tunnel is answered, and comes again on another one. */
export function openHttp1(
  services: IngressServices,
  bindings: () => readonly IngressBinding<'httpConnect'>[],
  lingering: LingeringSockets,
): Http1 {
  const clients = new WeakMap<object, HttpClient>();
  // Never listens: it reads what it is handed. The time is the negotiation's.
  const server = createServer({ maxHeaderSize: limits.headerListBytes, insecureHTTPParser: false });

  const say = (client: HttpClient, answer: Answer) => {
    client.leave();
    lingering.say(client.socket, http1Text(answer), client.reset);
  };

  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const client = clients.get(socket);
    if (client === undefined) return;
    if (head.length > 0) socket.unshift(head);
    const { source, reset, isTruncated, signal } = client;
    const routed = {
      socket,
      source,
      reset,
      ...(isTruncated && { isTruncated }),
      introduce: async () => void socket.write(ESTABLISHED),
      refuse: ({ code }: TunnelError) => say(client, answerOf(code)),
    };
    const connect = {
      authority: request.url ?? '',
      authorization: request.headers['proxy-authorization'],
      routed,
      answer: (answer: Answer) => say(client, answer),
    };
    serveConnect(connect, bindings(), services, signal).then(client.leave, client.fail);
  });
  server.on('request', (request, response) => {
    const { status, headers, body } = askForConnect();
    const client = clients.get(request.socket);
    if (client !== undefined) {
      const text = 'The client asked the proxy for something else than CONNECT.';
      services.denied(client.source, new TunnelError('PROTOCOL_ERROR', text));
    }
    response.writeHead(status, { ...headers, connection: 'close' }).end(body);
  });
  server.on('clientError', (_error, socket) => {
    clients.get(socket)?.fail(new TunnelError('PROTOCOL_ERROR', 'The client does not speak HTTP/1.1.'));
  });
  return {
    take(client) {
      clients.set(client.socket, client);
      server.emit('connection', client.socket);
    },
  };
}
