import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2Stream,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Http2FarEnd, SocketReader, type Splice, type SpliceOptions, splice } from '../src/index.ts';

/** One connection through two splices: the sockets of client and target, and what is between them. */
export type Joined = {
  readonly client: Socket;
  readonly target: Socket;
  readonly atGateway: Splice;
  readonly atAgent: Splice;
  /** The two ends of the data stream. */
  readonly gatewayStream: ServerHttp2Stream;
  readonly agentStream: Http2Stream;
};

export type JoinOptions = {
  readonly halfClosedTimeout?: number;
  /** Called when both sockets and both ends of the stream are open, before they are spliced. */
  readonly before?: (ends: { client: Socket; ingress: Socket; agentStream: Http2Stream }) => Promise<void>;
};

const localhost = '127.0.0.1';
const portOf = (server: Server | Http2Server) => (server.address() as AddressInfo).port;
const silence = <Emitter extends NodeJS.EventEmitter>(emitter: Emitter): Emitter =>
  emitter.on('error', () => {});

/**
 * A gateway's and an agent's end of an HTTP/2 session over a real socket, without TLS and control stream: what
 * the splice needs and no more.
 */
export class TunnelFixture implements AsyncDisposable {
  readonly #http: Http2Server;
  readonly #ingress: Server;
  readonly #targets: Server;
  readonly #session: ClientHttp2Session;
  readonly #gatewaySession: ServerHttp2Session;
  readonly #sockets = new Set<Socket>();
  /** The sockets under the session: destroying one is the loss of the session. */
  readonly agentSocket: Socket;
  readonly gatewaySocket: Socket;

  private constructor(
    servers: { http: Http2Server; ingress: Server; targets: Server },
    sessions: { agent: ClientHttp2Session; gateway: ServerHttp2Session },
    sockets: { agent: Socket; gateway: Socket },
  ) {
    this.#http = servers.http;
    this.#ingress = servers.ingress;
    this.#targets = servers.targets;
    this.#session = sessions.agent;
    this.#gatewaySession = sessions.gateway;
    this.agentSocket = sockets.agent;
    this.gatewaySocket = sockets.gateway;
  }

  static async start(): Promise<TunnelFixture> {
    const http = createHttp2Server({ settings: { enableConnectProtocol: true } });
    const ingress = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    const targets = createServer({ allowHalfOpen: true, noDelay: true });
    for (const server of [http, ingress, targets]) {
      server.listen(0, localhost);
      await once(server, 'listening');
    }
    const arrived = once(http, 'connection');
    const session = once(http, 'session');
    const agentSocket = silence(connect({ host: localhost, port: portOf(http), noDelay: true }));
    const agent = silence(connectHttp2('http://gateway', { createConnection: () => agentSocket }));
    const [gatewaySocket] = (await arrived) as [Socket];
    const [gateway] = (await session) as [ServerHttp2Session];
    await once(agent, 'remoteSettings');
    silence(gateway);
    silence(gatewaySocket);
    return new TunnelFixture(
      { http, ingress, targets },
      { agent, gateway },
      { agent: agentSocket, gateway: gatewaySocket },
    );
  }

  /** Connects a client with a target, as gateway and agent do it. */
  async join({ halfClosedTimeout = 60_000, before }: JoinOptions = {}): Promise<Joined> {
    const reader = new SocketReader();
    const [client, clientSocket] = await this.#connect(this.#ingress);
    const [targetSocket, target] = await this.#connect(this.#targets, reader);
    const arrived = once(this.#gatewaySession, 'stream');
    const agentStream = silence(
      this.#session.request(
        { ':method': 'CONNECT', ':protocol': 'penstock', ':scheme': 'https', ':path': '/v1/streams/x' },
        { endStream: false },
      ),
    );
    const [gatewayStream] = (await arrived) as [ServerHttp2Stream];
    silence(gatewayStream);
    await before?.({ client, ingress: clientSocket, agentStream });
    const timeout: Pick<SpliceOptions, 'halfClosedTimeout'> = { halfClosedTimeout };
    gatewayStream.respond({ ':status': 200 });
    const atGateway = splice(clientSocket, new Http2FarEnd(gatewayStream), {
      ...timeout,
      socketReset: 'CLIENT_RESET',
      streamReset: 'TARGET_RESET',
    });
    const atAgent = splice(targetSocket, new Http2FarEnd(agentStream), {
      ...timeout,
      reader,
      socketReset: 'TARGET_RESET',
      streamReset: 'CLIENT_RESET',
    });
    return { client, target, atGateway, atAgent, gatewayStream, agentStream };
  }

  async #connect(server: Server, reader?: SocketReader): Promise<[Socket, Socket]> {
    const accepted = once(server, 'connection');
    const near = connect({
      host: localhost,
      port: portOf(server),
      allowHalfOpen: true,
      noDelay: true,
      ...(reader && { onread: reader.onread }),
    });
    // The socket is handed out before anything is read from it.
    if (reader !== undefined) near.pause();
    await once(near, 'connect');
    const [far] = (await accepted) as [Socket];
    for (const socket of [near, far]) {
      this.#sockets.add(silence(socket));
      socket.once('close', () => this.#sockets.delete(socket));
    }
    return [near, far];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [...this.#sockets, this.agentSocket, this.gatewaySocket].map((socket) =>
      socket.closed ? undefined : once(socket, 'close'),
    );
    for (const socket of this.#sockets) socket.destroy();
    this.agentSocket.destroy();
    this.gatewaySocket.destroy();
    for (const server of [this.#http, this.#ingress, this.#targets]) server.close();
    await Promise.all(closed);
  }
}
