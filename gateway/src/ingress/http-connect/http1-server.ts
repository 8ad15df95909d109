import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { limits, TunnelError } from '@penstock/wire';
import type { IngressServices } from '../ingress-handler.ts';
import type { LingeringSockets } from '../lingering-sockets.ts';
import type { IngressBinding } from '../listener-config.ts';
import type { RoutedClient } from '../routed-client.ts';
import { serveConnect } from './connect-request.ts';
import { connectRequired, type ErrorResponse, errorResponseOf, toHttp1 } from './error-response.ts';
import type { HttpClient } from './http-client.ts';

export type Http1Server = {
  /** Takes ownership of a client that speaks HTTP/1.1. */
  handle(client: HttpClient): void;
};

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** Serves one CONNECT per connection (RFC 9112). After an error response the connection is closed. */
export function createHttp1Server(
  services: IngressServices,
  bindings: () => readonly IngressBinding<'httpConnect'>[],
  lingering: LingeringSockets,
): Http1Server {
  const clients = new WeakMap<object, HttpClient>();
  // Never listens: connections are passed to it. PendingHandshakes limits the time for a request.
  const server = createServer({ maxHeaderSize: limits.headerListBytes, insecureHTTPParser: false });

  const respond = (client: HttpClient, response: ErrorResponse) => {
    client.endHandshake();
    lingering.end(client.socket, toHttp1(response), client.reset);
  };

  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const client = clients.get(socket);
    if (client === undefined) return;
    if (head.length > 0) socket.unshift(head);
    const { source, subject, reset, isTruncated, signal } = client;
    const routed: RoutedClient = {
      socket,
      source,
      identity: { subject },
      reset,
      ...(isTruncated && { isTruncated }),
      prepare: async () => void socket.write(ESTABLISHED),
      refuse: ({ code }) => respond(client, errorResponseOf(code)),
    };
    const connect = {
      authority: request.url ?? '',
      authorization: request.headers['proxy-authorization'],
      client: routed,
      respond: (response: ErrorResponse) => respond(client, response),
    };
    serveConnect(connect, bindings(), services, signal).then(client.endHandshake, client.fail);
  });
  server.on('request', (request, response) => {
    const { status, headers, body } = connectRequired();
    const client = clients.get(request.socket);
    if (client !== undefined) {
      const detail = `The client sent ${request.method ?? 'a request'} to a proxy that supports only CONNECT.`;
      services.denied(client.source, new TunnelError('PROTOCOL_ERROR', detail));
    }
    response.writeHead(status, { ...headers, connection: 'close' }).end(body);
  });
  server.on('clientError', (_error, socket) => {
    clients.get(socket)?.fail(new TunnelError('PROTOCOL_ERROR', 'The client does not speak HTTP/1.1.'));
  });
  return {
    handle(client) {
      clients.set(client.socket, client);
      server.emit('connection', client.socket);
    },
  };
}
