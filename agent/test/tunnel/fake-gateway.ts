import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { type AgentMessage, type GatewayMessage, paths } from '@penstock/wire';
import { agentMessageDecoder } from '@penstock/wire/codec';
import type { TestCertificate } from '../../../test/rig/certificates.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { listenOnLoopback, ServerSockets } from '../../../test/rig/server-sockets.ts';

type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type FakeGatewayOptions = {
  /** The answer to the control stream's request, in place of 200. */
  readonly answer?: Answer;
  /** Does not announce extended CONNECT. */
  readonly plain?: boolean;
};

/** The gateway's end of the tunnel. The test sends every message. */
export class FakeGateway implements AsyncDisposable {
  readonly received: AgentMessage[] = [];
  /** Data streams that were opened, by open id. The test responds to them. */
  readonly streams = new Map<string, ServerHttp2Stream>();
  session: ServerHttp2Session | undefined;
  readonly #server;
  readonly #sockets = new ServerSockets();
  readonly #options: FakeGatewayOptions;
  #address: HostPort = { host: '127.0.0.1', port: 0 };
  #control: ServerHttp2Stream | undefined;

  private constructor({ chain, key }: TestCertificate, options: FakeGatewayOptions) {
    this.#options = options;
    this.#server = createSecureServer({
      cert: chain,
      key,
      settings: { enableConnectProtocol: options.plain !== true },
    });
    this.#server.on('connection', (socket: Socket) => this.#sockets.adopt(socket));
    this.#server.on('session', (session) => {
      this.session = session;
      session.on('error', () => {});
    });
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) =>
      this.#take(stream, headers[':path'] ?? ''),
    );
  }

  static async start(certificate: TestCertificate, options: FakeGatewayOptions = {}): Promise<FakeGateway> {
    const gateway = new FakeGateway(certificate, options);
    gateway.#address = await listenOnLoopback(gateway.#server);
    return gateway;
  }

  get address(): HostPort {
    return this.#address;
  }

  send(message: GatewayMessage): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  /** Writes raw bytes on the control stream. */
  write(bytes: string): void {
    this.#control?.write(bytes);
  }

  welcome(): void {
    this.send({
      type: 'welcome',
      gateway: { id: 'acme', epoch: 'e1', version: '0.1.0' },
      clock: Date.now(),
      heartbeatInterval: 15_000,
      agentState: 'connected',
    });
  }

  /** Stops reading the control stream. */
  stall(): void {
    this.#control?.pause();
  }

  /** Waits for a message of the agent. */
  receive<Kind extends AgentMessage['type']>(kind: Kind): Promise<Extract<AgentMessage, { type: Kind }>> {
    const isIt = (message: AgentMessage): message is Extract<AgentMessage, { type: Kind }> =>
      message.type === kind;
    return eventually(`the agent to send ${kind}`, () => this.received.find(isIt), {
      state: () => this.received.map(({ type }) => type),
    }) as Promise<Extract<AgentMessage, { type: Kind }>>;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sockets.endWith(this.#server);
  }

  #take(stream: ServerHttp2Stream, path: string): void {
    stream.on('error', () => {});
    if (path.startsWith(paths.streams)) {
      this.streams.set(path.slice(paths.streams.length), stream);
      return;
    }
    const { status, headers, body } = this.#options.answer ?? { status: 200 };
    stream.respond({ ':status': status, ...headers });
    if (status !== 200) {
      stream.end(body);
      return;
    }
    this.#control = stream;
    const decoder = agentMessageDecoder();
    stream.on('data', (chunk: Buffer) => this.received.push(...decoder.push(chunk)));
  }
}
