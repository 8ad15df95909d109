import { type ClientHttp2Session, type ClientHttp2Stream, sensitiveHeaders } from 'node:http2';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import {
  openHttp2Client,
  SessionConnection,
  type SessionConnectionOptions,
  type SessionLoss,
  TCP_KEEPALIVE_DELAY_MS,
  tunnelClientTls,
} from '@penstock/transport';
import { errorText, TunnelError } from '@penstock/wire';
import { MessageStream } from './message-stream.ts';
import type { FollowerMessage, OwnerMessage } from './peer-message.ts';
import { EPOCH_HEADER, PEER_PROTOCOL, peerPaths } from './peer-paths.ts';
import { isSameKey, peerKeyOf, peerTlsOptions, type ReplicaCertificate } from './peer-tls.ts';
import type { Replica } from './replica.ts';

export type PeerSessionOptions = Pick<SessionConnectionOptions, 'windows' | 'ping'> & {
  readonly certificate: ReplicaCertificate;
  readonly onMessage: (message: OwnerMessage) => void;
  /** Called once, when the session has ended. */
  readonly onLost: (error: TunnelError, loss: SessionLoss) => void;
};

/** Milliseconds for TCP and TLS. */
const CONNECT_TIMEOUT_MS = 3_000;

/** A session to a peer, over which its agents can be reached. */
export class PeerSession {
  readonly replica: Replica;
  readonly #http: ClientHttp2Session;
  readonly #connection: SessionConnection;
  readonly #messages: MessageStream<FollowerMessage>;
  #onLost: PeerSessionOptions['onLost'];

  private constructor(
    replica: Replica,
    socket: TLSSocket,
    http: ClientHttp2Session,
    control: ClientHttp2Stream,
    { windows, ping, onMessage, onLost }: PeerSessionOptions,
  ) {
    this.replica = replica;
    this.#http = http;
    this.#onLost = onLost;
    const end = (error: TunnelError, loss: SessionLoss = 'closed') => this.#end(error, loss);
    this.#connection = new SessionConnection(socket, http, { windows, ping, peer: 'replica', onLost: end });
    this.#messages = MessageStream.follower(control, { onMessage, onEnd: end });
    this.#connection.startKeepalive();
  }

  /**
   * Connects, compares the key of the peer with that of its row, and subscribes to its sessions. Rejects with an Error;
   * nothing stays open then. The caller must end the session.
   */
  static async open(
    replica: Replica,
    options: PeerSessionOptions,
    signal: AbortSignal,
  ): Promise<PeerSession> {
    const socket = await connectTls(replica, options.certificate, signal);
    const abort = () => socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const http = await openHttp2Client(socket, `https://${replica.address}`);
      const control = http.request(headersFor(replica, peerPaths.directory), { endStream: false });
      await accepted(control);
      if (http.destroyed || control.destroyed) throw new Error('The peer closed the session.');
      return new PeerSession(replica, socket, http, control, options);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Milliseconds of the last PING; undefined until the first answer. */
  get roundTrip(): number | undefined {
    return this.#connection.roundTrip;
  }

  /** Whether the peer was found silent, and has not sent a byte since. */
  get isSuspect(): boolean {
    return this.#connection.isSuspect;
  }

  /** See SessionConnection. */
  expectLife(onSilent: () => void): () => void {
    return this.#connection.expectLife(onSilent);
  }

  send(message: FollowerMessage): void {
    this.#messages.send(message);
  }

  get isLagging(): boolean {
    return this.#messages.isLagging;
  }

  /** Opens a stream to `path`. Throws TunnelError SESSION_LOST when the session has ended. */
  connect(path: string, headers: Readonly<Record<string, string>>): ClientHttp2Stream {
    return this.#request({ ...headersFor(this.replica, path), ...headers });
  }

  /** Starts a request with a JSON body. Throws TunnelError SESSION_LOST when the session has ended. */
  post(path: string, body: unknown): ClientHttp2Stream {
    const stream = this.#request({ ':method': 'POST', ':path': path, [EPOCH_HEADER]: this.replica.epoch });
    stream.end(JSON.stringify(body));
    return stream;
  }

  end(error: TunnelError): void {
    this.#end(error, 'closed');
  }

  #request(headers: Record<string, string>): ClientHttp2Stream {
    if (this.#http.closed || this.#http.destroyed) throw new TunnelError('SESSION_LOST');
    // Opens differ from each other: they must not push the other headers out of the table.
    const stream = this.#http.request(
      { ...headers, [sensitiveHeaders]: Object.keys(headers).filter((name) => !name.startsWith(':')) },
      { endStream: false },
    );
    stream.on('error', () => {});
    this.#connection.windows.streamOpened();
    stream.once('close', () => this.#connection.windows.streamClosed());
    return stream;
  }

  #end(error: TunnelError, loss: SessionLoss): void {
    const onLost = this.#onLost;
    this.#onLost = () => {};
    this.#connection.release();
    this.#connection.destroy();
    onLost(error, loss);
  }
}

const headersFor = ({ epoch }: Replica, path: string) => ({
  ':method': 'CONNECT',
  ':protocol': PEER_PROTOCOL,
  ':scheme': 'https',
  ':path': path,
  [EPOCH_HEADER]: epoch,
});

async function connectTls(
  { address, spki }: Replica,
  certificate: ReplicaCertificate,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const [host, port] = hostAndPort(address);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({
    host,
    port,
    ...(isIP(host) === 0 && { servername: host }),
    ...tunnelClientTls,
    ...peerTlsOptions(certificate),
  });
  socket.setNoDelay(true).setKeepAlive(true, TCP_KEEPALIVE_DELAY_MS);
  const timer = setTimeout(
    () => reject(new Error(`${address} did not answer within ${CONNECT_TIMEOUT_MS} ms.`)),
    CONNECT_TIMEOUT_MS,
  );
  const abort = () => reject(new Error('The session is no longer needed.'));
  const close = () => reject(new Error(`${address} closed the connection.`));
  socket.on('error', reject).once('close', close).once('secureConnect', resolve);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await promise;
    const key = peerKeyOf(socket);
    if (socket.alpnProtocol !== 'h2' || key === undefined || !isSameKey(key, spki)) {
      throw new Error(
        `The process at ${address} does not present the key that the store has for this replica.`,
      );
    }
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    socket.off('close', close);
    signal.removeEventListener('abort', abort);
  }
}

function hostAndPort(address: string): [string, number] {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at).replace(/^\[|\]$/g, ''), Number(address.slice(at + 1))];
}

async function accepted(stream: ClientHttp2Stream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const close = () => reject(new Error('The peer closed the session.'));
  stream.on('error', (error) => reject(new Error(errorText(error))));
  stream.once('close', close);
  stream.once('response', ({ ':status': status }) => {
    if (status === 200) resolve();
    else reject(new Error(`The peer answered with status ${status}.`));
  });
  await promise;
  stream.off('close', close);
}
