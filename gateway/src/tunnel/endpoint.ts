import { performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import { CONNECTION_WINDOW, INITIAL_STREAM_WINDOW } from '@penstock/transport';
import { errorText, limits } from '@penstock/wire';
import type { AdmittedConnection } from './admission.ts';
import { readPeer } from './peer.ts';
import { type PeerOptions, servePeer, UNAUTHENTICATED_STREAMS } from './peer-session.ts';

export type TunnelTls = {
  /** PEM, as is the key: what the gateway presents. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of the agent CA. */
  readonly agentAuthority: string;
};

export type EndpointOptions = PeerOptions & {
  readonly listen: HostPort;
  readonly tls: TunnelTls;
  readonly organization: string;
  readonly handshakeTimeout: number;
};

export type Endpoint = {
  readonly address: AddressInfo;
  /** Connections on the tunnel port, whatever their state. */
  readonly connections: number;
  /** Connections that were closed at once since the start, as there were too many. */
  readonly refused: number;
  /** Presents another certificate from the next handshake on. */
  replaceTls(tls: TunnelTls): void;
  /** Takes no new connections. Those that live go on. */
  stopAccepting(): void;
  /** Ends every connection and comes back when all are gone. */
  close(): Promise<void>;
};

/** Mebibytes of HTTP/2 state one session may hold; Node's own 10 would refuse streams under load. */
const MAX_SESSION_MEMORY = 1024;
/** RST_STREAM frames at once and a second afterwards: as many as a session's opens can give in good faith. */
const RESET_BURST = 4 * limits.streamsPerSession;
const RESET_RATE = limits.streamsPerSession;
/** Hardware speeds up both; the shorter key costs a fifth less and is as good for TLS 1.3. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** Opens the tunnel port: TLS 1.3 and HTTP/2, nothing else. Throws what listening throws. */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  // TLS hands out another socket than was accepted; both have the same peer.
  const admissions = new Map<string, AdmittedConnection>();
  const server = createServer({
    ...secureOptions(options.tls),
    ALPNProtocols: ['h2'],
    handshakeTimeout: options.handshakeTimeout,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
  server.on('connection', (socket: Socket) => {
    const admitted = options.admission.connect(socket.remoteAddress ?? '');
    socket.on('error', () => {});
    if (admitted === undefined) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    sockets.add(socket);
    admissions.set(peer, admitted);
    socket.once('close', () => {
      sockets.delete(socket);
      if (admissions.get(peer) === admitted) admissions.delete(peer);
      admitted.release();
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    // Whoever offers no ALPN at all gets through the handshake (RFC 7301 section 3.2), and is no agent.
    const admitted = admissions.get(peerOf(socket));
    if (socket.alpnProtocol !== 'h2' || admitted === undefined) {
      socket.destroy();
      return;
    }
    const peer = readPeer(socket, options.organization);
    servePeer(socket, speakHttp2(socket), peer, admitted, options);
  });
  // A handshake that failed is the peer's affair: its socket is already on its way out.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await listen(server, options.listen);
  server.on('error', (error) =>
    options.log('accept-failed', { listener: 'tunnel', detail: errorText(error) }),
  );
  return {
    address: server.address() as AddressInfo,
    get connections() {
      return sockets.size;
    },
    get refused() {
      return options.admission.refused;
    },
    replaceTls: (tls) => server.setSecureContext(secureOptions(tls)),
    stopAccepting: () => {
      if (server.listening) server.close();
    },
    async close() {
      const gone = [...sockets].map(
        (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      );
      if (server.listening) server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(gone);
    },
  };
}

const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

// setSecureContext resets what is left out, so both calls take the full set.
function secureOptions({ certificate, key, agentAuthority }: TunnelTls): TlsOptions {
  return {
    cert: certificate,
    key,
    ca: agentAuthority,
    requestCert: true,
    // Each route decides what it needs of the peer; what TLS made of its certificate is read in `peer`.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ciphers: CIPHERS,
  };
}

function speakHttp2(socket: TLSSocket): ServerHttp2Session {
  const session = performServerHandshake(socket, {
    settings: {
      enableConnectProtocol: true,
      initialWindowSize: INITIAL_STREAM_WINDOW,
      maxConcurrentStreams: UNAUTHENTICATED_STREAMS,
      maxHeaderListSize: limits.headerListBytes,
    },
    maxSessionMemory: MAX_SESSION_MEMORY,
    maxHeaderListPairs: limits.headerPairs,
    maxSettings: limits.settingsEntries,
    streamResetBurst: RESET_BURST,
    streamResetRate: RESET_RATE,
  });
  session.on('error', () => {});
  session.setLocalWindowSize(CONNECTION_WINDOW);
  return session;
}

function listen(server: Server, { host, port }: HostPort): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}
