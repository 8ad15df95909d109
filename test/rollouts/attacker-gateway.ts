import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import {
  type AgentMessage,
  type GatewayMessage,
  offsetOfRange,
  paths,
  releaseFileOfPath,
  type UpgradeStatus,
} from '@penstock/wire';
import { agentMessageDecoder, encodeMessage } from '@penstock/wire/codec';
import { eventually } from '../rig/eventually.ts';
import { listenOnLoopback, ServerSockets } from '../rig/server-sockets.ts';

const within = 120_000;

/**
 * Whoever has stolen the keys of a gateway: agents take it for theirs, and it tells them and serves them what the test wants,
 * whatever a gateway would say.
 */
export class AttackerGateway implements AsyncDisposable {
  /** Files of releases that it serves, by their path. */
  readonly files = new Map<string, Buffer>();
  /** What the agent has said of upgrades, oldest first. */
  readonly statuses: UpgradeStatus[] = [];
  readonly #server;
  readonly #sockets = new ServerSockets();
  #control: ServerHttp2Stream | undefined;
  port = 0;

  private constructor(identity: { readonly key: string; readonly cert: string }) {
    this.#server = createSecureServer({ ...identity, settings: { enableConnectProtocol: true } });
    this.#server.on('connection', (socket: Socket) => this.#sockets.adopt(socket));
    this.#server.on('session', (session) => session.on('error', () => {}));
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => {});
      const path = headers[':path'] ?? '';
      if (path === paths.control) this.#talk(stream);
      else this.#serve(stream, path, headers.range);
    });
  }

  static async start(identity: { readonly key: string; readonly cert: string }): Promise<AttackerGateway> {
    const gateway = new AttackerGateway(identity);
    gateway.port = (await listenOnLoopback(gateway.#server)).port;
    return gateway;
  }

  say(message: GatewayMessage): void {
    this.#control?.write(encodeMessage(message));
  }

  /** Waits for what the agent says of a rollout last. */
  status(rollout: string, isIt: (status: UpgradeStatus) => boolean): Promise<UpgradeStatus> {
    return eventually(
      `the agent's status of ${rollout}`,
      () => this.statuses.findLast((status) => status.rollout === rollout && isIt(status)),
      { within, state: () => this.statuses.slice(-3) },
    );
  }

  #talk(stream: ServerHttp2Stream): void {
    this.#control = stream;
    stream.respond({ ':status': 200 });
    const decoder = agentMessageDecoder();
    const answer = (message: AgentMessage) => {
      const now = Date.now();
      if (message.type === 'hello') {
        this.say({
          type: 'welcome',
          gateway: { id: 'acme', epoch: 'e1', version: '9.9.9' },
          clock: now,
          heartbeatInterval: 1_000,
          agentState: 'connected',
        });
      } else if (message.type === 'heartbeat') {
        this.say({ type: 'heartbeat-ack', seq: message.seq, receivedAt: now, sentAt: now });
        if (message.upgrade !== undefined) this.statuses.push(message.upgrade);
      } else if (message.type === 'upgrade-status') this.statuses.push(message.upgrade);
      // It permits everything, at once and for long.
      else if (message.type === 'may-switch')
        this.say({ type: 'go', rollout: message.rollout, to: message.to, until: now + 3_600_000 });
    };
    stream.on('data', (chunk: Buffer) => {
      for (const message of decoder.push(chunk)) answer(message);
    });
  }

  #serve(stream: ServerHttp2Stream, path: string, range: unknown): void {
    const content = this.files.get(releaseFileOfPath(path) ?? '');
    const offset = offsetOfRange(range) ?? 0;
    stream.respond({ ':status': content === undefined ? 404 : offset > 0 ? 206 : 200 });
    stream.end(content?.subarray(offset));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sockets.endWith(this.#server);
  }
}
