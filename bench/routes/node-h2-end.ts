import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { answerWith } from '../process/ask.ts';
import { CERTIFICATE_NAME, TLS_CIPHER } from './cipher.ts';
import { listen } from './listen.ts';
import type { Address } from './route.ts';

/**
 * One end of the smallest program with the shape of Penstock: the end at the targets dials out, the other one asks it for a
 * stream by a line on a control stream, and both join the stream with a socket by `pipe`. It has no names, limits, timeouts,
 * logs, failover, or resume, and does not preserve resets.
 */
export type NodeH2Handlers = {
  tcpToStreams: (argument: {
    host: string;
    certificate: string;
    key: string;
  }) => Promise<{ clients: Address; tunnel: Address; peers: Address }>;
  streamsToTcp: (argument: { tunnel: Address; to: Address; certificate: string }) => Promise<void>;
  /** Joins clients with streams of another process that has the agent, as a replica does without one. */
  tcpToRelay: (argument: {
    host: string;
    peers: Address;
    certificate: string;
  }) => Promise<{ clients: Address }>;
};

const SESSIONS = 2;
const STREAM_WINDOW = 4 * 1024 * 1024;
const SESSION_WINDOW = 64 * 1024 * 1024;
const socketOptions = { allowHalfOpen: true, noDelay: true };
const settings = { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: 100_000, enablePush: false };
const tlsOptions = { minVersion: 'TLSv1.3', ciphers: TLS_CIPHER } as const;

function join(socket: Duplex, stream: Duplex): void {
  for (const [from, to] of [[socket, stream] as const, [stream, socket] as const]) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

function sessionServer(certificate: string, key: string): Http2SecureServer {
  const server = createSecureServer({ ...tlsOptions, cert: certificate, key, settings });
  server.on('session', (session) => session.setLocalWindowSize(SESSION_WINDOW));
  return server;
}

const paths = { ':scheme': 'https', ':authority': CERTIFICATE_NAME, ':method': 'POST' };

async function connectSession(tunnel: Address, certificate: string): Promise<ClientHttp2Session> {
  const host = `https://${tunnel.host}:${tunnel.port}`;
  const session: ClientHttp2Session = connectHttp2(host, {
    ...tlsOptions,
    ca: certificate,
    servername: CERTIFICATE_NAME,
    settings,
  });
  await once(session, 'connect');
  session.setLocalWindowSize(SESSION_WINDOW);
  return session;
}

async function openSession(tunnel: Address, to: Address, certificate: string): Promise<void> {
  const session = await connectSession(tunnel, certificate);
  const control = session.request({ ...paths, ':path': '/control' }, { endStream: false });
  createInterface({ input: control }).on('line', (id) => {
    const socket = connect({ ...to, ...socketOptions });
    join(socket, session.request({ ...paths, ':path': `/${id}` }, { endStream: false }));
  });
}

answerWith({
  async tcpToStreams({ host, certificate, key }) {
    const waiting = new Map<string, Duplex>();
    const controls: ServerHttp2Stream[] = [];
    let opened = 0;
    const streams = sessionServer(certificate, key);
    streams.on('stream', (stream: ServerHttp2Stream, { ':path': path = '' }) => {
      stream.respond({ ':status': 200 });
      if (path === '/control') controls.push(stream);
      const client = waiting.get(path);
      waiting.delete(path);
      if (client !== undefined) join(client, stream);
    });
    const serve = (client: Duplex) => {
      opened += 1;
      waiting.set(`/${opened}`, client);
      controls[opened % controls.length]?.write(`${opened}\n`);
    };
    const relay = sessionServer(certificate, key);
    relay.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200 });
      serve(stream);
    });
    return {
      clients: await listen(createServer(socketOptions, serve), host),
      tunnel: await listen(streams, host),
      peers: await listen(relay, host),
    };
  },
  async tcpToRelay({ host, peers, certificate }) {
    const session = await connectSession(peers, certificate);
    const clients = createServer(socketOptions, (client) =>
      join(client, session.request({ ...paths, ':path': '/relay' }, { endStream: false })),
    );
    return { clients: await listen(clients, host) };
  },
  async streamsToTcp({ tunnel, to, certificate }) {
    for (let number = 0; number < SESSIONS; number += 1) await openSession(tunnel, to, certificate);
  },
} satisfies NodeH2Handlers);
// The preloaded collector unrefs the channel; nothing else keeps this process alive until the parent's first request.
process.channel?.ref();
