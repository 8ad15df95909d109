import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import {
  CONNECTION_WINDOW,
  INITIAL_STREAM_WINDOW,
  SessionConnection,
  type SessionConnectionOptions,
  type SessionLoss,
  TCP_KEEPALIVE_DELAY_MS,
  tunnelHttp2Options,
  tunnelServerTls,
} from '@penstock/transport';
import { limits } from '@penstock/wire';
import { peerLimits } from './peer-limits.ts';
import { EPOCH_HEADER, idBelow, PEER_PROTOCOL, peerPaths } from './peer-paths.ts';
import { isSameKey, peerKeyOf, peerTlsOptions, type ReplicaCertificate } from './peer-tls.ts';

/** Serves the requests of one peer. Streams have an error listener. */
export type PeerService = {
  /** Answers the subscription of the peer. A second one is refused before. */
  directory(stream: ServerHttp2Stream): void;
  /** Answers a relayed open to a local session. */
  relay(stream: ServerHttp2Stream, sessionId: string, headers: IncomingHttpHeaders): void;
  /** Answers a request to the agent of a local session. */
  request(stream: ServerHttp2Stream, sessionId: string): void;
  /** Answers a request to cancel a query of a client here. */
  cancel(stream: ServerHttp2Stream): void;
  /** Answers a question about what only this replica knows, such as its clients. */
  query(stream: ServerHttp2Stream): void;
  /** The connection of the peer has closed. */
  closed(): void;
};

export type PeerListenerOptions = Pick<SessionConnectionOptions, 'windows' | 'ping'> & {
  readonly listen: { readonly host: string; readonly port: number };
  readonly certificate: ReplicaCertificate;
  readonly epoch: string;
  /** Id of the replica that has this key; undefined when none has. */
  readonly replicaOf: (isKey: (spki: string) => boolean) => string | undefined;
  /** Called when a peer has a key that no replica is known to have. Must not throw. */
  readonly onUnknownKey: (address: string) => void;
  /** Serves a peer whose key is that of the replica. `loss` says how it was lost, once it was. */
  readonly serve: (replicaId: string, peer: { readonly loss: SessionLoss }) => PeerService;
};

export type PeerListener = {
  readonly address: AddressInfo;
  /** Closes the connections of peers whose key no replica has any more. Call it when `replicaOf` changes. */
  closeFormerPeers(): void;
  /** Destroys every connection, and resolves when all are closed. */
  close(): Promise<void>;
};

/** Connections accepted within the time of a handshake, from everywhere and from one address: each replica connects once. */
const MAX_HANDSHAKES = 1_024;
const MAX_HANDSHAKES_OF_ADDRESS = 16;
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Opens the port for the other replicas. Rejects with the error of `listen`. */
export async function openPeerListener(options: PeerListenerOptions): Promise<PeerListener> {
  const sockets = new Set<Socket>();
  /** The key of each peer that is served. */
  const peers = new Map<TLSSocket, string>();
  const replicaOfKey = (key: string) => options.replicaOf((spki) => isSameKey(spki, key));
  const server = createServer({
    ...tunnelServerTls,
    ...peerTlsOptions(options.certificate),
    requestCert: true,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEPALIVE_DELAY_MS,
  });
  let handshakes = 0;
  const handshakesOf = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    const from = socket.remoteAddress ?? '';
    const count = handshakesOf.get(from) ?? 0;
    if (handshakes >= MAX_HANDSHAKES || count >= MAX_HANDSHAKES_OF_ADDRESS) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    handshakes += 1;
    handshakesOf.set(from, count + 1);
    const timer = setTimeout(() => {
      handshakes -= 1;
      const left = (handshakesOf.get(from) ?? 1) - 1;
      if (left > 0) handshakesOf.set(from, left);
      else handshakesOf.delete(from);
    }, HANDSHAKE_TIMEOUT_MS);
    timer.unref();
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    const key = peerKeyOf(socket);
    const replicaId = key === undefined ? undefined : replicaOfKey(key);
    if (socket.alpnProtocol !== 'h2' || key === undefined || replicaId === undefined) {
      if (key !== undefined) options.onUnknownKey(socket.remoteAddress ?? '');
      socket.destroy();
      return;
    }
    peers.set(socket, key);
    socket.once('close', () => peers.delete(socket));
    servePeer(socket, replicaId, options);
  });
  // A failed handshake is not logged: anything on the network can cause it.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.listen.port, options.listen.host, resolve);
  await promise;
  server.off('error', reject).on('error', () => {});
  return {
    address: server.address() as AddressInfo,
    closeFormerPeers() {
      for (const [socket, key] of peers) if (replicaOfKey(key) === undefined) socket.destroy();
    },
    async close() {
      const closed = [...sockets].map(
        (socket) => new Promise<void>((done) => socket.once('close', () => done())),
      );
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function servePeer(
  socket: TLSSocket,
  replicaId: string,
  { windows, ping, epoch, serve }: PeerListenerOptions,
): void {
  const http = speakHttp2(socket);
  const peer: { loss: SessionLoss } = { loss: 'closed' };
  const connection = new SessionConnection(socket, http, {
    windows,
    ping,
    peer: 'replica',
    onLost: (_error, loss) => {
      if (!socket.destroyed) peer.loss = loss;
      connection.release();
      connection.destroy();
    },
  });
  const service = serve(replicaId, peer);
  socket.once('close', () => {
    connection.release();
    service.closed();
  });
  connection.startKeepalive();
  let isFollowed = false;
  http.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const { ':method': method, ':path': path = '', ':protocol': protocol } = headers;
    if (headers[EPOCH_HEADER] !== epoch) {
      // Another process had this address. Whoever asks has not noticed yet.
      refuse(stream, 421);
      return;
    }
    connection.windows.streamOpened();
    stream.once('close', () => connection.windows.streamClosed());
    const isConnect = method === 'CONNECT' && protocol === PEER_PROTOCOL;
    const relayed = isConnect ? idBelow(peerPaths.relay, path) : undefined;
    const requested = method === 'POST' ? idBelow(peerPaths.requests, path) : undefined;
    if (relayed !== undefined) service.relay(stream, relayed, headers);
    else if (requested !== undefined) service.request(stream, requested);
    else if (method === 'POST' && path === peerPaths.cancel) service.cancel(stream);
    else if (method === 'POST' && path === peerPaths.queries) service.query(stream);
    else if (isConnect && path === peerPaths.directory && !isFollowed) {
      isFollowed = true;
      service.directory(stream);
    } else refuse(stream, 404);
  });
}

function refuse(stream: ServerHttp2Stream, status: number): void {
  if (stream.closed || stream.destroyed) return;
  stream.respond({ ':status': status }, { endStream: true });
  stream.resume();
}

function speakHttp2(socket: TLSSocket): ServerHttp2Session {
  const session = performServerHandshake(socket, {
    settings: {
      enableConnectProtocol: true,
      initialWindowSize: INITIAL_STREAM_WINDOW,
      maxConcurrentStreams: peerLimits.streams,
      maxHeaderListSize: limits.headerListBytes,
    },
    ...tunnelHttp2Options,
    // A peer resets the streams of all its clients that leave at the same time.
    streamResetBurst: peerLimits.streams,
    streamResetRate: peerLimits.streams,
  });
  session.on('error', () => {});
  session.setLocalWindowSize(CONNECTION_WINDOW);
  return session;
}
