import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { SessionKeepalive, type WindowBudget, type WindowShare } from '@penstock/transport';
import {
  type AgentMessage,
  type AgentMessageOf,
  type CloseCode,
  errorText,
  type GatewayMessage,
  type GatewayMessageOf,
  TunnelError,
} from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import type { AgentMetrics } from '../observe/metrics.ts';
import type { Targets } from '../target/targets.ts';
import { ControlStream } from './control-stream.ts';
import { DataStreams } from './data-streams.ts';
import { deliverAnswer } from './deliver-answer.ts';
import { Opens } from './opens.ts';
import { SessionRefused } from './session-refused.ts';
import { openTunnelSession } from './tunnel-session.ts';

export type SessionOptions = {
  readonly url: string;
  /** Asked for when it is sent: making the connection can take long enough for the file to change. */
  readonly hello: () => AgentMessageOf<'hello'>;
  readonly targets: Pick<Targets, 'dial'>;
  readonly windows: WindowBudget;
  readonly ping: { readonly interval: number; readonly timeout: number };
  readonly halfClosedTimeout: () => number;
  /** Why this agent takes no opens now, whatever the state of its sessions; undefined when it does. */
  readonly refusal: () => TunnelError | undefined;
  readonly log: AgentLog;
  readonly metrics: AgentMetrics;
  readonly onMessage: (message: GatewayMessage, session: GatewaySession) => void;
};

type Welcome = GatewayMessageOf<'welcome'>;

/**
 * Every life of a session: `outgoing` is as good as ready until its successor is there; `retiring` takes no new opens
 * and ends when the last stream has, or at its deadline.
 */
type State =
  | { readonly name: 'greeting' }
  | { readonly name: 'ready' }
  | { readonly name: 'outgoing'; readonly reason: string }
  | { readonly name: 'retiring'; readonly deadline: NodeJS.Timeout | undefined }
  | { readonly name: 'ended' };

const WELCOME_TIMEOUT = 10_000;
/** For streams that were reset at the drain deadline, and for the last message, to leave. */
const LEAVING_TIMEOUT = 1_000;

/** One session to the gateway: made once, lived through once. The loop that makes the next is `reconnect`. */
export class GatewaySession {
  readonly #socket: TLSSocket;
  readonly #options: SessionOptions;
  readonly #http: ClientHttp2Session;
  readonly #opens: Opens;
  readonly #windows: WindowShare;
  readonly #data: DataStreams;
  readonly #keepalive: SessionKeepalive;
  readonly #outgoing = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<Error>();
  readonly #welcomed = Promise.withResolvers<Welcome>();
  readonly #closed = Promise.withResolvers<void>();
  #control: ControlStream | undefined;
  #state: State = { name: 'greeting' };

  /** Settles when a successor should be made at once: the gateway drains, the identity is new, ids run out. */
  readonly outgoing: Promise<string>;
  /** Settles with the reason when the session is over. */
  readonly ended: Promise<Error>;
  /** Settles when its connection has closed too. */
  readonly closed: Promise<void>;

  private constructor(socket: TLSSocket, http: ClientHttp2Session, options: SessionOptions) {
    this.#socket = socket;
    this.#http = http;
    this.#options = options;
    this.outgoing = this.#outgoing.promise;
    this.ended = this.#ended.promise;
    this.closed = this.#closed.promise;
    this.#windows = options.windows.join((initialWindowSize, acknowledged) => {
      if (!http.destroyed) http.settings({ initialWindowSize }, () => acknowledged());
    });
    this.#data = new DataStreams(http, this.#windows, () => this.makeOutgoing('its stream ids run out'));
    this.#opens = new Opens({
      targets: options.targets,
      halfClosedTimeout: options.halfClosedTimeout,
      log: options.log,
      metrics: options.metrics,
      port: {
        refusal: () => this.#refusal(),
        bring: (id) => this.#bring(id),
        fail: (id, code, detail) => this.#fail(id, code, detail),
      },
    });
    this.#keepalive = new SessionKeepalive({
      http,
      socket,
      ping: options.ping,
      onDead: (reason) => this.#end(new TunnelError('SESSION_LOST', reason)),
      onRoundTrip: (milliseconds) => this.#windows.setRoundTrip(milliseconds),
      onSlept: () => options.log('host-slept'),
    });
    socket.once('close', () => {
      this.#end(new TunnelError('SESSION_LOST', 'The connection to the gateway was lost.'));
      this.#closed.resolve();
    });
    http.once('close', () => this.#end(new TunnelError('SESSION_LOST', 'The gateway closed the session.')));
    http.once('goaway', () => this.makeOutgoing('the gateway sent GOAWAY'));
  }

  /**
   * Makes a session on a connected socket and comes back when the gateway has welcomed it. Throws ProblemError,
   * SessionRefused, TunnelError or GatewayError; the socket is then destroyed. To give up, destroy the socket.
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
      session.send(options.hello());
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

  /** Answers a request of the gateway, on the control stream or beside it. */
  answer(result: AgentMessageOf<'result'>): void {
    deliverAnswer(this.#http, (message) => this.send(message), result);
  }

  /** Asks for a successor, and goes on as before until there is one. */
  makeOutgoing(reason: string): void {
    if (this.#state.name !== 'ready') return;
    this.#state = { name: 'outgoing', reason };
    this.#outgoing.resolve(reason);
  }

  /**
   * Takes no new opens, and ends when the last stream has. Live streams have all the time they need, or as many
   * milliseconds as `within` says, which can be said later too.
   */
  retire(reason: string, within?: number): void {
    const before = this.#state;
    if (before.name === 'greeting' || before.name === 'ended') return;
    if (before.name === 'retiring') {
      if (within === undefined) return;
      clearTimeout(before.deadline);
    }
    const deadline = within === undefined ? undefined : setTimeout(() => this.#abandonStreams(), within);
    this.#state = { name: 'retiring', deadline };
    if (before.name === 'retiring') return;
    const why = before.name === 'outgoing' ? before.reason : reason;
    this.send({ type: 'draining' });
    this.#options.log('session-retired', { reason: why, streams: this.streams.open });
    this.#outgoing.resolve(why);
    void this.#opens.idle().then(() => this.#leave(why));
  }

  /** This host slept: the gateway has to give a sign of life soon. */
  suspect(): void {
    if (this.#state.name !== 'greeting' && this.#state.name !== 'ended') this.#keepalive.suspect();
  }

  /** Ends the session and everything on it at once. */
  end(error: Error): void {
    this.#end(error);
  }

  #leave(reason: string): void {
    if (this.#state.name === 'ended') return;
    this.#control?.end({ type: 'goodbye', reason });
    this.#http.close();
    this.#end(new TunnelError('AGENT_DRAINING', `Retired: ${reason}.`));
  }

  #receive(message: GatewayMessage): void {
    switch (message.type) {
      case 'welcome':
        if (this.#state.name !== 'greeting') return;
        this.#state = { name: 'ready' };
        this.#keepalive.start();
        this.#welcomed.resolve(message);
        break;
      case 'refused':
        this.#end(new SessionRefused(message));
        break;
      case 'open':
        void this.#opens.start(message);
        break;
      case 'cancel':
        this.#opens.cancel(message.id, message.code);
        break;
      case 'reconnect':
        this.makeOutgoing(message.reason);
        break;
      default:
        break;
    }
    this.#options.onMessage(message, this);
  }

  #refusal(): TunnelError | undefined {
    const { name } = this.#state;
    if (name !== 'ready' && name !== 'outgoing') return new TunnelError('AGENT_DRAINING');
    const { open, opening } = this.streams;
    return this.#options.refusal() ?? this.#data.refusal(open + opening);
  }

  #bring(id: string): ClientHttp2Stream {
    try {
      return this.#data.bring(id);
    } catch (error) {
      // The gateway still reads the control stream, and can try another session at once.
      this.#fail(id, 'AGENT_DRAINING', errorText(error));
      throw error;
    }
  }

  #fail(id: string, code: CloseCode, detail: string): void {
    this.send({ type: 'open-failed', id, code, detail: detail.slice(0, 1024) });
  }

  /** The drain deadline has come. What cannot even be reset by then goes with the session. */
  #abandonStreams(): void {
    // No byte of a dialing open has left the gateway, so another agent may serve it.
    this.#opens.abortAll('DRAIN_TIMEOUT', 'AGENT_DRAINING');
    if (this.#state.name !== 'retiring') return;
    const late = () => this.#end(new TunnelError('DRAIN_TIMEOUT'));
    this.#state = { name: 'retiring', deadline: setTimeout(late, LEAVING_TIMEOUT) };
  }

  #end(error: Error): void {
    if (this.#state.name === 'ended') return;
    if (this.#state.name === 'retiring') clearTimeout(this.#state.deadline);
    this.#state = { name: 'ended' };
    this.#keepalive.stop();
    this.#opens.abortAll('SESSION_LOST');
    this.#windows.release();
    this.#welcomed.promise.catch(() => {});
    this.#welcomed.reject(error);
    this.#ended.resolve(error);
    // A session closed politely ends its socket by itself; the deadline is for a peer that does not answer.
    if (this.#http.closed && !this.#http.destroyed) {
      const timer = setTimeout(() => this.#socket.destroy(), LEAVING_TIMEOUT);
      this.#socket.once('close', () => clearTimeout(timer));
    } else {
      this.#socket.destroy();
    }
  }
}
