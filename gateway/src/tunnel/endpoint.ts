import { X509Certificate } from 'node:crypto';
import { performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server as PortServer, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import {
  CONNECTION_WINDOW,
  INITIAL_STREAM_WINDOW,
  tunnelHttp2Options,
  tunnelServerTls,
} from '@penstock/transport';
import { errorText, limits } from '@penstock/wire';
import type { AdmittedConnection } from './admission.ts';
import { HandshakeTurns } from './handshake-turns.ts';
import { type LoadBalancers, pausedListener } from './paused-listener.ts';
import { readPeer } from './peer.ts';
import { type PeerOptions, servePeer, UNAUTHENTICATED_STREAMS } from './peer-session.ts';

export type TunnelTls = {
  /** Certificate chain and key the gateway presents, both PEM. */
  readonly certificate: string;
  readonly key: string;
  /** The agent CA, PEM. */
  readonly agentAuthority: string;
};

export type EndpointOptions = PeerOptions & {
  readonly listen: HostPort;
  readonly tls: TunnelTls;
  readonly organization: string;
  /** Undefined: agents connect directly. */
  readonly loadBalancers: LoadBalancers | undefined;
  /** Milliseconds. */
  readonly handshakeTimeout: number;
  /** Those of a gateway unless a test sets others. */
  readonly turns?: HandshakeTurns;
};

export type Endpoint = {
  readonly address: AddressInfo;
  /** Connections on the tunnel port, in any state. */
  readonly connections: number;
  /** Connections that exceeded a limit and were closed before their handshake, since the start. */
  readonly refused: number;
  /** Uses another certificate from the next handshake on. */
  replaceTls(tls: TunnelTls): void;
  /** Stops listening. Open connections stay. */
  stopAccepting(): void;
  /** Destroys every connection, and resolves when all are closed. */
  close(): Promise<void>;
};

/** RST_STREAM frames accepted in a burst, and per second: as many as a session can legitimately cause. */
const RESET_BURST = 4 * limits.streamsPerSession;
const RESETS_PER_SECOND = limits.streamsPerSession;

/** Opens the tunnel port, which speaks only HTTP/2 over TLS 1.3. Rejects with the error of `listen`. */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const authority = new X509Certificate(options.tls.agentAuthority);
  const sockets = new Set<Socket>();
  // node:tls wraps the accepted socket in another one. Both have the same two addresses.
  const admissions = new Map<string, Admitted>();
  const turns = options.turns ?? new HandshakeTurns({ clock: options.session.clock });
  // It takes what another one has accepted.
  const server = createServer({
    ...secureOptions(options.tls),
    handshakeTimeout: options.handshakeTimeout,
  });
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const accept = (socket: Socket, address: string) => {
    const connection = options.admission.connect(address);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    const addresses = addressesOf(socket);
    let endTurn = () => {};
    const authenticate = () => {
      connection.authenticate();
      endTurn();
    };
    const admitted = { authenticate, address };
    admissions.set(addresses, admitted);
    socket.once('close', () => {
      if (admissions.get(addresses) === admitted) admissions.delete(addresses);
      connection.release();
      endTurn();
    });
    endTurn = turns.take(
      () => {
        // While the port closes, one that is destroyed may get its turn before it closes.
        if (!socket.destroyed) server.emit('connection', socket);
      },
      () => socket.destroy(),
    );
  };
  const { loadBalancers, handshakeTimeout: timeout, log } = options;
  const port = pausedListener({ loadBalancers, timeout, log, track, accept });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    // A client that offers no ALPN completes the handshake (RFC 7301 section 3.2), but is not an agent.
    const admitted = admissions.get(addressesOf(socket));
    if (socket.alpnProtocol !== 'h2' || admitted === undefined) {
      socket.destroy();
      return;
    }
    const peer = readPeer(socket, options.organization, authority);
    servePeer(socket, speakHttp2(socket), peer, admitted.address, admitted, options);
  });
  // A failed handshake is not logged: anything on the network can cause it.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await listen(port, options.listen);
  port.on('error', (error) => log('accept-failed', { listener: 'tunnel', detail: errorText(error) }));
  return {
    address: port.address() as AddressInfo,
    get connections() {
      return sockets.size;
    },
    get refused() {
      return options.admission.refused + turns.expired;
    },
    replaceTls: (tls) => server.setSecureContext(secureOptions(tls)),
    stopAccepting: () => {
      if (port.listening) port.close();
    },
    async close() {
      const closed = [...sockets].map(
        (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      );
      if (port.listening) port.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** A connection on the port, with the address of its peer. */
type Admitted = Pick<AdmittedConnection, 'authenticate'> & { readonly address: string };

const addressesOf = ({ localAddress, localPort, remoteAddress, remotePort }: Socket) =>
  `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;

// setSecureContext resets omitted options, so createServer and setSecureContext get the full set.
function secureOptions({ certificate, key, agentAuthority }: TunnelTls): TlsOptions {
  return {
    cert: certificate,
    key,
    ca: agentAuthority,
    requestCert: true,
    // Each route decides whether it needs a certificate; `readPeer` reads the result of its verification.
    rejectUnauthorized: false,
    ...tunnelServerTls,
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
    ...tunnelHttp2Options,
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_PER_SECOND,
  });
  session.on('error', () => {});
  session.setLocalWindowSize(CONNECTION_WINDOW);
  return session;
}

function listen(server: PortServer, { host, port }: HostPort): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}
