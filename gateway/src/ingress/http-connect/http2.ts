import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { INITIAL_STREAM_WINDOW } from '@penstock/transport';
import { limits, TunnelError } from '@penstock/wire';
import type { IngressBinding, IngressServices } from '../ingress-handler.ts';
import { type Answer, answerOf, askForConnect } from './answer.ts';
import { serveConnect } from './connect-request.ts';
import type { HttpClient } from './http-client.ts';

/** CONNECTs of one client at once; and what all of them together may have on their way to the gateway. */
const STREAMS = 256;
const SESSION_WINDOW = 8 * 1024 * 1024;
/** Milliseconds that a session without a stream is kept for the next one. */
const IDLE_TIMEOUT = 60_000;
const MAX_SESSION_MEMORY = 256;

/** Takes over clients that speak HTTP/2 (RFC 9113 section 8.5): each CONNECT is a client connection. */
export class Http2 {
  readonly #services: IngressServices;
  readonly #bindings: () => readonly IngressBinding<'httpConnect'>[];
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(services: IngressServices, bindings: () => readonly IngressBinding<'httpConnect'>[]) {
    this.#services = services;
    this.#bindings = bindings;
  }

  take(client: HttpClient): void {
    const session = performServerHandshake(client.socket, {
      settings: {
        initialWindowSize: INITIAL_STREAM_WINDOW,
        maxConcurrentStreams: STREAMS,
        maxHeaderListSize: limits.headerListBytes,
      },
      maxSessionMemory: MAX_SESSION_MEMORY,
      maxHeaderListPairs: limits.headerPairs,
      maxSettings: limits.settingsEntries,
      streamResetBurst: 4 * STREAMS,
      streamResetRate: STREAMS,
    });
    this.#sessions.add(session);
    session.setLocalWindowSize(SESSION_WINDOW);
    let idle: NodeJS.Timeout | undefined;
    let streams = 0;
    session.on('error', () => client.reset());
    // The socket allows half-open, and HTTP/2 knows no such thing: streams without a peer would stay.
    client.socket.once('end', () => session.destroy());
    session.once('close', () => {
      clearTimeout(idle);
      this.#sessions.delete(session);
      client.socket.destroy();
    });
    session.on('stream', (stream, headers) => {
      client.leave();
      clearTimeout(idle);
      streams += 1;
      stream
        .on('error', () => {})
        .once('close', () => {
          streams -= 1;
          if (streams === 0 && !session.closed) idle = setTimeout(() => session.close(), IDLE_TIMEOUT);
        });
      // A stream that its peer has reset without an error would stay until somebody has read it.
      const drop = () => void stream.destroy(new TunnelError('CLIENT_RESET'));
      stream.once('aborted', drop);
      if (stream.closed) drop();
      else this.#serve(client, stream, headers);
    });
  }

  /** No session takes another stream; each ends with its last one. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #serve({ source }: HttpClient, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const answer = ({ status, headers: fields, body }: Answer) => {
      // `respond` throws once its peer has reset it.
      if (stream.closed || stream.destroyed || stream.headersSent) return;
      stream.respond({ ...fields, ':status': status });
      stream.end(body);
      stream.resume();
    };
    if (headers[':method'] !== 'CONNECT' || headers[':protocol'] !== undefined) {
      answer(askForConnect());
      return;
    }
    const give = this.#services.addresses.tryTake(source.address);
    if (give === undefined) {
      const what = `${source.address} has its limits.connectionsPerAddress client connections.`;
      this.#services.denied(source, new TunnelError('LIMIT_EXCEEDED', what));
      answer(answerOf('LIMIT_EXCEEDED'));
      return;
    }
    stream.once('close', give);
    const routed = {
      socket: stream,
      source,
      introduce: async () => stream.respond({ ':status': 200 }),
      refuse: ({ code }: TunnelError) => answer(answerOf(code)),
    };
    const gone = new AbortController();
    stream.once('close', () => gone.abort());
    const authority = String(headers[':authority'] ?? '');
    const connect = { authority, authorization: headers['proxy-authorization'], routed, answer };
    serveConnect(connect, this.#bindings(), this.#services, gone.signal).catch(() => {
      if (!stream.destroyed) stream.destroy();
    });
  }
}
