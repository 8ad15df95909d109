import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { BriefSet } from '@penstock/runtime';
import { emptyClosed, INITIAL_STREAM_WINDOW } from '@penstock/transport';
import { limits, TunnelError } from '@penstock/wire';
import type { IngressServices } from '../ingress-handler.ts';
import type { IngressBinding } from '../listener-config.ts';
import type { RoutedClient } from '../routed-client.ts';
import { serveConnect } from './connect-request.ts';
import { connectRequired, type ErrorResponse, errorResponseOf } from './error-response.ts';
import type { HttpClient } from './http-client.ts';

/** Concurrent CONNECT streams of one session. */
const MAX_STREAMS = 256;
/** Bytes that all streams of a session together may have in flight to the gateway. */
const SESSION_WINDOW_BYTES = 8 * 1024 * 1024;
/** A session without a stream is closed after this time. */
const IDLE_TIMEOUT_MS = 60_000;
const MAX_SESSION_MEMORY_MB = 256;

/** Serves clients that speak HTTP/2 (RFC 9113 section 8.5). Each CONNECT stream is a client connection of its own. */
export class Http2Server {
  readonly #services: IngressServices;
  readonly #bindings: () => readonly IngressBinding<'httpConnect'>[];
  readonly #sessions = new BriefSet<ServerHttp2Session>();

  constructor(services: IngressServices, bindings: () => readonly IngressBinding<'httpConnect'>[]) {
    this.#services = services;
    this.#bindings = bindings;
  }

  /** Takes ownership of a client. */
  handle(client: HttpClient): void {
    const session = performServerHandshake(client.socket, {
      settings: {
        initialWindowSize: INITIAL_STREAM_WINDOW,
        maxConcurrentStreams: MAX_STREAMS,
        maxHeaderListSize: limits.headerListBytes,
      },
      maxSessionMemory: MAX_SESSION_MEMORY_MB,
      maxHeaderListPairs: limits.headerPairs,
      maxSettings: limits.settingsEntries,
      streamResetBurst: 4 * MAX_STREAMS,
      streamResetRate: MAX_STREAMS,
    });
    const leave = this.#sessions.add(session);
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    let idle: NodeJS.Timeout | undefined;
    let streams = 0;
    session.on('error', () => client.reset());
    // The socket allows half-open connections but HTTP/2 does not: without this, streams would outlive their client.
    client.socket.once('end', () => session.destroy());
    session.once('close', () => {
      clearTimeout(idle);
      leave();
      client.socket.destroy();
    });
    session.on('stream', (stream, headers) => {
      client.endHandshake();
      clearTimeout(idle);
      streams += 1;
      stream
        .on('error', () => {})
        .on('close', () => {
          emptyClosed(stream);
          streams -= 1;
          if (streams === 0 && !session.closed) idle = setTimeout(() => session.close(), IDLE_TIMEOUT_MS);
        });
      // A stream that its peer reset without an error code is not closed until it has been read.
      const destroy = () => void stream.destroy(new TunnelError('CLIENT_RESET'));
      stream.once('aborted', destroy);
      if (stream.closed) destroy();
      else this.#serve(client, stream, headers);
    });
  }

  /** Sends GOAWAY on every session. Each session is closed with its last stream. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #serve({ source, subject }: HttpClient, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const respond = ({ status, headers: fields, body }: ErrorResponse) => {
      // `respond` throws on a stream that its peer has reset.
      if (stream.closed || stream.destroyed || stream.headersSent) return;
      stream.respond({ ...fields, ':status': status });
      stream.end(body);
      stream.resume();
    };
    if (headers[':method'] !== 'CONNECT' || headers[':protocol'] !== undefined) {
      respond(connectRequired());
      return;
    }
    const release = this.#services.addresses.tryTake(source.address);
    if (release === undefined) {
      const detail = `${source.address} has reached limits.connectionsPerAddress.`;
      this.#services.denied(source, new TunnelError('LIMIT_EXCEEDED', detail));
      respond(errorResponseOf('LIMIT_EXCEEDED'));
      return;
    }
    stream.once('close', release);
    const client: RoutedClient = {
      socket: stream,
      source,
      identity: { subject },
      prepare: async () => stream.respond({ ':status': 200 }),
      refuse: ({ code }) => respond(errorResponseOf(code)),
    };
    const closed = new AbortController();
    stream.once('close', () => closed.abort());
    const authority = String(headers[':authority'] ?? '');
    const connect = { authority, authorization: headers['proxy-authorization'], client, respond };
    serveConnect(connect, this.#bindings(), this.#services, closed.signal).catch(() => {
      if (!stream.destroyed) stream.destroy();
    });
  }
}
