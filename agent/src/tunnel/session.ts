import type { ClientHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  type AgentMessage,
  type AgentMessageOf,
  CONNECT_PROTOCOL,
  type GatewayMessage,
  type GatewayMessageOf,
  keepAlive,
  limits,
  streamPath,
  TunnelError,
  type WindowBudget,
  type WindowShare,
} from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import type { AgentMetrics } from '../observe/metrics.ts';
import type { Targets } from '../target/targets.ts';
import { ControlStream } from './control-stream.ts';
import { Opens } from './opens.ts';
import { openTunnelSession } from './tunnel-session.ts';

export type SessionOptions = {
  readonly url: string;
  readonly hello: AgentMessageOf<'hello'>;
  readonly targets: Pick<Targets, 'dial'>;
  readonly windows: WindowBudget;
  readonly ping: { readonly interval: number; readonly timeout: number };
  readonly halfClosedTimeout: () => number;
  readonly drainTimeout: () => number;
  readonly log: AgentLog;
  readonly metrics: AgentMetrics;
  readonly onMessage: (message: GatewayMessage, session: GatewaySession) => void;
};

type Welcome = GatewayMessageOf<'welcome'>;

/** Every life of a session: `retiring` takes no new opens and ends when the last stream has, or at its deadline. */
type State =
  | { readonly name: 'greeting' }
  | { readonly name: 'ready' }
  | { readonly name: 'retiring'; readonly deadline: NodeJS.Timeout }
  | { readonly name: 'ended' };

const WELCOME_TIMEOUT = 10_000;

/** One session to the gateway: made once, lived through once. The loop that makes the next is `reconnect`. */
export class GatewaySession {
  readonly #socket: TLSSocket;
  readonly #options: SessionOptions;
  readonly #http: ClientHttp2Session;
  readonly #opens: Opens;
  readonly #windows: WindowShare;
  readonly #retired = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<Error>();
  readonly #welcomed = Promise.withResolvers<Welcome>();
  #control: ControlStream | undefined;
  #stopKeepalive = () => {};
  #state: State = { name: 'greeting' };
  #streamsBrought = 0;

  /** Settles when a successor should be made at once: the gateway drains, the identity is new, ids run out. */
  readonly retired: Promise<string>;
  /** Settles with the reason when the session is over. */
  readonly ended: Promise<Error>;

  private constructor(socket: TLSSocket, http: ClientHttp2Session, options: SessionOptions) {
    this.#socket = socket;
    this.#http = http;
    this.#options = options;
    this.retired = this.#retired.promise;
    this.ended = this.#ended.promise;
    this.#windows = options.windows.join((initialWindowSize) => {
      if (!http.destroyed) http.settings({ initialWindowSize });
    });
    this.#opens = new Opens({
      targets: options.targets,
      halfClosedTimeout: options.halfClosedTimeout,
      log: options.log,
      metrics: options.metrics,
      port: {
        refusal: () => this.#refusal(),
        bring: (id) => this.#bring(id),
        fail: (id, code, detail) =>
          this.send({ type: 'open-failed', id, code, detail: detail.slice(0, 1024) }),
      },
    });
    socket.once('close', () =>
      this.#end(new TunnelError('SESSION_LOST', 'The connection to the gateway was lost.')),
    );
    http.once('close', () => this.#end(new TunnelError('SESSION_LOST', 'The gateway closed the session.')));
    http.once('goaway', () => this.retire('the gateway sent GOAWAY'));
  }

  /**
   * Makes a session on a connected socket and comes back when the gateway has welcomed it. Throws ProblemError,
   * TunnelError or GatewayError; the socket is then destroyed.
   */
  static async establish(
    socket: TLSSocket,
    options: SessionOptions,
  ): Promise<{ session: GatewaySession; welcome: Welcome }> {
    const http = await openTunnelSession(socket, options.url);
    const session = new GatewaySession(socket, http, options);
    const timer = setTimeout(
      () => session.#end(new TunnelError('SESSION_LOST', 'The gateway sent no welcome in time.')),
      WELCOME_TIMEOUT,
    );
    try {
      session.#control = await Promise.race([
        ControlStream.open(http, {
          onMessage: (message) => session.#receive(message),
          onEnd: (error) => session.#end(error),
        }),
        session.#ended.promise.then((error) => Promise.reject(error)),
      ]);
      session.send(options.hello);
      return { session, welcome: await session.#welcomed.promise };
    } catch (error) {
      session.#end(error instanceof Error ? error : new TunnelError('INTERNAL'));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    return { open: this.#opens.live, opening: this.#opens.dialing };
  }

  /** Sends a control message; one that comes too late goes nowhere. */
  send(message: AgentMessage): void {
    this.#control?.send(message);
  }

  /** Takes no new opens, lets live streams finish until the drain deadline, then ends. */
  retire(reason: string): void {
    if (this.#state.name !== 'ready') return;
    const deadline = setTimeout(() => this.#opens.abortAll('DRAIN_TIMEOUT'), this.#options.drainTimeout());
    this.#state = { name: 'retiring', deadline };
    this.send({ type: 'draining' });
    this.#options.log('session-retired', { reason, streams: this.streams.open });
    this.#retired.resolve(reason);
    void this.#opens.idle().then(() => {
      this.#control?.end({ type: 'goodbye', reason });
      this.#http.close();
      this.#end(new TunnelError('AGENT_DRAINING', `Retired: ${reason}.`));
    });
  }

  /** Ends the session and everything on it at once. */
  end(error: Error): void {
    this.#end(error);
  }

  #receive(message: GatewayMessage): void {
    switch (message.type) {
      case 'welcome':
        if (this.#state.name !== 'greeting') return;
        this.#state = { name: 'ready' };
        this.#stopKeepalive = this.#startKeepalive();
        this.#welcomed.resolve(message);
        break;
      case 'refused':
        this.#end(new TunnelError(message.code, message.detail));
        break;
      case 'open':
        void this.#opens.start(message);
        break;
      case 'cancel':
        this.#opens.cancel(message.id, message.code);
        break;
      case 'reconnect':
        this.retire(message.reason);
        break;
      default:
        break;
    }
    this.#options.onMessage(message, this);
  }

  #refusal(): TunnelError | undefined {
    if (this.#state.name !== 'ready') return new TunnelError('AGENT_DRAINING');
    const { open, opening } = this.streams;
    const most = Math.min(
      limits.streamsPerSession,
      this.#http.remoteSettings.maxConcurrentStreams ?? Infinity,
    );
    // One stream is the control stream. Beyond the gateway's limit a request would wait without an end.
    if (open + opening + 1 >= most)
      return new TunnelError('AGENT_OVERLOADED', `This session has its ${most} streams.`);
    return undefined;
  }

  #bring(id: string) {
    const stream = this.#http.request(
      {
        ':method': 'CONNECT',
        ':protocol': CONNECT_PROTOCOL,
        ':scheme': 'https',
        ':path': streamPath(id),
      },
      { endStream: false },
    );
    this.#windows.streamOpened();
    stream.once('close', () => this.#windows.streamClosed());
    this.#streamsBrought += 1;
    if (this.#streamsBrought === limits.streamsBeforeRotation) this.retire('its stream ids run out');
    return stream;
  }

  #startKeepalive(): () => void {
    return keepAlive(
      {
        ping: (onPong) => {
          this.#http.ping((error, roundTrip) => {
            if (error === null) onPong(roundTrip);
          });
        },
        bytesReceived: () => this.#socket.bytesRead,
        onDead: (reason) => this.#end(new TunnelError('SESSION_LOST', reason)),
        onRoundTrip: (milliseconds) => this.#windows.setRoundTrip(milliseconds),
        onSlept: () => this.#options.log('host-slept'),
      },
      this.#options.ping,
    );
  }

  #end(error: Error): void {
    if (this.#state.name === 'ended') return;
    if (this.#state.name === 'retiring') clearTimeout(this.#state.deadline);
    this.#state = { name: 'ended' };
    this.#stopKeepalive();
    this.#opens.abortAll('SESSION_LOST');
    this.#windows.release();
    this.#welcomed.promise.catch(() => {});
    this.#welcomed.reject(error);
    this.#ended.resolve(error);
    // A session closed politely ends its socket by itself; the deadline is for a peer that does not answer.
    if (this.#http.closed && !this.#http.destroyed) {
      const timer = setTimeout(() => this.#socket.destroy(), 1_000);
      this.#socket.once('close', () => clearTimeout(timer));
    } else {
      this.#socket.destroy();
    }
  }
}
