import type { ClientHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  descriptorOf,
  SessionKeepalive,
  SessionLinks,
  type SessionLoss,
  type WindowBudget,
  type WindowShare,
} from '@penstock/transport';
import {
  type AgentMessage,
  type AgentMessageOf,
  type CloseCode,
  errorText,
  type GatewayMessage,
  type GatewayMessageOf,
  limits,
  TunnelError,
} from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import type { AgentMetrics } from '../observe/metrics.ts';
import type { Targets } from '../target/targets.ts';
import type { CarriedConnections } from './carried-connections.ts';
import type { ControlStream } from './control-stream.ts';
import { DataStreams } from './data-streams.ts';
import { Opens } from './opens.ts';
import { sendResult } from './send-result.ts';
import { acceptsOpens, type SessionState } from './session-state.ts';

export type SessionOptions = {
  readonly targets: Pick<Targets, 'dial'>;
  readonly windows: WindowBudget;
  readonly ping: { readonly interval: number; readonly timeout: number };
  readonly halfClosedTimeout: () => number;
  /** The connections that can outlive their sessions. */
  readonly carried: CarriedConnections;
  /** Milliseconds for which a connection may be kept without a session; 0: it ends with its session. */
  readonly keepFor: () => number;
  /** Why this agent accepts no opens, independent of the state of its sessions, or undefined if it does. */
  readonly refusal: () => TunnelError | undefined;
  readonly log: AgentLog;
  readonly metrics: AgentMetrics;
  /** Connections of the session wait for each other. Called about once a second while they do. */
  readonly onCongested: () => void;
  readonly onMessage: (message: GatewayMessage, session: GatewaySession) => void;
};

/** What carries a session: the socket, HTTP/2 on it, and the control stream. */
export type SessionConnection = {
  readonly socket: TLSSocket;
  readonly http: ClientHttp2Session;
  readonly control: ControlStream;
};

/** Time for the streams that were reset at the drain deadline, and for the last message, to be sent. */
const CLOSE_TIMEOUT_MS = 1_000;

/** One session that the gateway has welcomed. `keepConnected` makes the next one. */
export class GatewaySession {
  readonly #connection: SessionConnection;
  readonly #options: SessionOptions;
  readonly #opens: Opens;
  readonly #windows: WindowShare;
  readonly #dataStreams: DataStreams;
  readonly #links: SessionLinks;
  readonly #keepalive: SessionKeepalive;
  #successorRequested = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<Error>();
  readonly #closed = Promise.withResolvers<void>();
  #state: SessionState = { name: 'ready' };

  /** Resolves with the reason when the session has ended. */
  readonly ended: Promise<Error>;
  /** Resolves when the connection has closed too. */
  readonly closed: Promise<void>;

  constructor(connection: SessionConnection, options: SessionOptions, welcome: GatewayMessageOf<'welcome'>) {
    const { socket, http } = connection;
    this.#connection = connection;
    this.#options = options;
    this.ended = this.#ended.promise;
    this.closed = this.#closed.promise;
    this.#windows = options.windows.join((initialWindowSize, acknowledged) => {
      if (!http.destroyed) http.settings({ initialWindowSize }, () => acknowledged());
    });
    this.#dataStreams = new DataStreams(http, {
      windows: this.#windows,
      maxIdle: Math.min(limits.idleStreams, welcome.reuse?.idle ?? 0),
      onViolation: (detail) => this.end(new TunnelError('PROTOCOL_ERROR', detail)),
      onIdsExhausted: () => this.requestSuccessor('its stream ids run out'),
    });
    this.#links = new SessionLinks(
      (connections) => this.send({ type: 'received', connections }),
      () => this.#connection.control.isBlocked,
    );
    let roundTrip: number | undefined;
    this.#links.watch(
      {
        bytesReceived: () => socket.bytesRead,
        roundTrip: () => roundTrip,
        onSilent: () => this.suspect(),
      },
      {
        streamWindow: () => http.remoteSettings.initialWindowSize ?? 0,
        onCongested: () => {
          this.send({ type: 'congested' });
          options.onCongested();
        },
        fd: () => descriptorOf(socket),
        onRestarted: (collapsed) => options.log('bbr-restarted', collapsed),
      },
    );
    this.#opens = new Opens({
      links: this.#links,
      carried: options.carried,
      keepFor: options.keepFor,
      epoch: welcome.gateway.epoch,
      targets: options.targets,
      halfClosedTimeout: options.halfClosedTimeout,
      log: options.log,
      metrics: options.metrics,
      port: {
        refusal: () => this.#refusal(),
        openStream: (id, received) => this.#open(id, () => this.#dataStreams.open(id, received)),
        reuseStream: (id) => this.#open(id, () => this.#dataStreams.reuse(id)),
        release: (use, isAcknowledged) => this.#dataStreams.release(use, isAcknowledged),
        fail: (id, code, detail) => this.#failOpen(id, code, detail),
      },
    });
    this.#keepalive = new SessionKeepalive({
      http,
      socket,
      ping: options.ping,
      onDead: (reason) => this.end(new TunnelError('SESSION_LOST', reason), 'silent'),
      onRoundTrip: (milliseconds) => {
        roundTrip = milliseconds;
        this.#windows.setRoundTrip(milliseconds);
      },
      onSlept: () => options.log('host-slept'),
    });
    socket.once('close', () => {
      this.end(new TunnelError('SESSION_LOST', 'The connection to the gateway was lost.'));
      this.#closed.resolve();
    });
    http.once('close', () => this.end(new TunnelError('SESSION_LOST', 'The gateway closed the session.')));
    http.once('goaway', () => this.requestSuccessor('the gateway sent GOAWAY'));
    this.#keepalive.start();
  }

  get state(): SessionState['name'] {
    return this.#state.name;
  }

  /** Resolves with the reason when a successor should be made: the gateway drains, the identity is new, ids run out. */
  get successorRequested(): Promise<string> {
    return this.#successorRequested.promise;
  }

  /** Whether a successor is wanted only if it leads to another replica. */
  get mayStay(): boolean {
    return this.#state.name === 'awaiting-successor' && this.#state.mayStay;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    return { open: this.#opens.live, opening: this.#opens.dialing };
  }

  /** In both directions, with everything that the tunnel adds. */
  get bytesMoved(): number {
    const { bytesRead, bytesWritten } = this.#connection.socket;
    return bytesRead + bytesWritten;
  }

  /** Sends a control message, or drops it if the session has ended. */
  send(message: AgentMessage): void {
    this.#connection.control.send(message);
  }

  /** Sends the result of a request of the control plane. */
  sendResult(result: AgentMessageOf<'result'>): void {
    sendResult(this.#connection.http, (message) => this.send(message), result);
  }

  /** Handles a control message of the gateway. */
  receive(message: GatewayMessage): void {
    switch (message.type) {
      case 'open':
        void this.#opens.start(message);
        break;
      case 'cancel':
        this.#opens.cancel(message.id, message.code);
        break;
      case 'received':
        this.#links.acknowledged(message.connections);
        break;
      case 'congested':
        this.#options.onCongested();
        break;
      case 'reconnect':
        this.requestSuccessor(message.reason, message.mayStay);
        break;
      default:
        break;
    }
    this.#options.onMessage(message, this);
  }

  /** Requests a successor and accepts opens until there is one. */
  requestSuccessor(reason: string, mayStay = false): void {
    const { name } = this.#state;
    if (name === 'ready' || (name === 'awaiting-successor' && this.#state.mayStay && !mayStay)) {
      this.#setState({ name: 'awaiting-successor', reason, mayStay });
    }
  }

  /** Needs no successor after all. */
  stay(): void {
    if (!this.mayStay) return;
    this.#successorRequested = Promise.withResolvers();
    this.#setState({ name: 'ready' });
  }

  /**
   * Stops accepting opens, and ends the session with its last stream. Live streams are not limited in time unless
   * `deadlineMs` is given, which a later call can add.
   */
  retire(reason: string, deadlineMs?: number): void {
    const { name } = this.#state;
    if (name === 'ended' || (name === 'retiring' && deadlineMs === undefined)) return;
    const deadline =
      deadlineMs === undefined ? undefined : setTimeout(() => this.#abortStreams(), deadlineMs);
    this.#setState({
      name: 'retiring',
      reason: 'reason' in this.#state ? this.#state.reason : reason,
      deadline,
    });
  }

  /** Requires a sign of life from the gateway soon. Call it when this host may have slept. */
  suspect(): void {
    if (this.#state.name !== 'ended') this.#keepalive.suspect();
  }

  /** Ends the session and everything on it immediately. */
  end(error: Error, loss: SessionLoss = 'closed'): void {
    if (this.#state.name !== 'ended') this.#setState({ name: 'ended', error, loss });
  }

  /** Ends the session and everything on it, and tells the gateway that nothing on it goes on elsewhere. */
  leave(reason: string): void {
    if (this.#state.name === 'ended') return;
    const { control, socket } = this.#connection;
    const end = () => {
      // Before the streams: the gateway would take their resets for those of the targets.
      socket.destroy();
      this.end(new TunnelError('AGENT_DRAINING', reason));
    };
    const timer = setTimeout(end, CLOSE_TIMEOUT_MS);
    void this.ended.then(() => clearTimeout(timer));
    control.end({ type: 'goodbye', reason }, end);
  }

  #setState(next: SessionState): void {
    const previous = this.#state;
    if (previous.name === 'retiring') clearTimeout(previous.deadline);
    this.#state = next;
    if (next.name === 'awaiting-successor') this.#successorRequested.resolve(next.reason);
    if (next.name === 'retiring' && previous.name !== 'retiring') {
      this.#announceRetirement(next.reason, next.deadline === undefined);
    }
    if (next.name === 'ended') this.#release(next.error, next.loss);
  }

  /** `canMove`: the agent has another session, which can carry the connections of this one. */
  #announceRetirement(reason: string, canMove: boolean): void {
    this.send({ type: 'draining', canMove });
    this.#options.log('session-retired', { reason, streams: this.streams.open });
    this.#successorRequested.resolve(reason);
    this.#dataStreams.closeIdle();
    void this.#opens.idle().then(() => this.#close(reason));
  }

  #close(reason: string): void {
    if (this.#state.name === 'ended') return;
    const { control, http } = this.#connection;
    control.end({ type: 'goodbye', reason });
    http.close();
    this.end(new TunnelError('AGENT_DRAINING', `Retired: ${reason}.`));
  }

  /**
   * Aborts the streams at the drain deadline, once the gateway has been told why: it would take their resets for those of the
   * targets. Streams whose reset is not sent in time are cut with the connection.
   */
  #abortStreams(): void {
    if (this.#state.name !== 'retiring') return;
    const abort = () => {
      clearTimeout(timer);
      // No byte of a dialing open has left the gateway, so another agent may serve it.
      this.#opens.abortAll('DRAIN_TIMEOUT', 'AGENT_DRAINING');
    };
    const timer = setTimeout(abort, CLOSE_TIMEOUT_MS / 2);
    void this.ended.then(() => clearTimeout(timer));
    const deadline = setTimeout(() => this.end(new TunnelError('DRAIN_TIMEOUT')), CLOSE_TIMEOUT_MS);
    this.#setState({ ...this.#state, deadline });
    this.#connection.control.send({ type: 'draining', ending: 'DRAIN_TIMEOUT' }, abort);
  }

  #release(error: Error, loss: SessionLoss): void {
    const { socket, http } = this.#connection;
    this.#keepalive.stop();
    if (isLoss(error)) this.#links.lose(loss);
    this.#links.stop();
    this.#dataStreams.closeIdle();
    this.#opens.abortAll('SESSION_LOST');
    this.#windows.release();
    this.#ended.resolve(error);
    // After close(), HTTP/2 closes the socket itself unless the peer does not answer.
    if (http.closed && !http.destroyed) {
      const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
      socket.once('close', () => clearTimeout(timer));
    } else {
      socket.destroy();
    }
  }

  #refusal(): TunnelError | undefined {
    if (!acceptsOpens(this.#state)) return new TunnelError('AGENT_DRAINING');
    const { open, opening } = this.streams;
    return this.#options.refusal() ?? this.#dataStreams.refusal(open + opening);
  }

  #open<Stream>(id: string, open: () => Stream): Stream {
    try {
      return open();
    } catch (error) {
      // The gateway still reads the control stream, and can try another session immediately.
      this.#failOpen(id, 'AGENT_DRAINING', errorText(error));
      throw error;
    }
  }

  #failOpen(id: string, code: CloseCode, detail: string): void {
    this.send({ type: 'open-failed', id, code, detail: detail.slice(0, 1024) });
  }
}

/** Whether a session ended against the will of this agent, so that its connections may go on over another one. */
const isLoss = (error: Error) =>
  !(error instanceof TunnelError) || (error.code !== 'AGENT_DRAINING' && error.code !== 'DRAIN_TIMEOUT');
