import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock, TokenBucket } from '@penstock/runtime';
import { SessionKeepalive, type WindowBudget, type WindowShare } from '@penstock/transport';
import type { AgentIdentity } from '@penstock/wire';
import {
  type AgentMessage,
  type AgentMessageOf,
  type GatewayMessageOf,
  SOFTWARE_VERSION,
  TunnelError,
} from '@penstock/wire';
import type { ControlPlanePort, Verdict } from '../control-plane-port.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type {
  OpenRequest,
  RoutableSession,
  TargetStream,
  UnavailableReason,
} from '../routing/session-contract.ts';
import { ControlStream } from './control-stream.ts';
import { DataStreams } from './data-streams.ts';
import { refusalOf } from './greeting.ts';
import { messageRate } from './message-rate.ts';
import { type OfferedConnector, offeredConnectors } from './offered-connector.ts';

/** This gateway as agents see it. */
export type GatewaySelf = { readonly id: string; readonly epoch: string };

export type SessionOptions = {
  readonly self: GatewaySelf;
  readonly clock: Clock;
  readonly windows: WindowBudget;
  readonly ping: { readonly interval: number; readonly timeout: number };
  readonly helloTimeout: number;
  readonly heartbeatInterval: () => number;
  readonly drainTimeout: () => number;
  readonly log: DataPlaneLog;
  readonly controlPlane: Pick<ControlPlanePort, 'identity' | 'fleet'>;
  readonly registry: SessionRegistry;
};

/** What a session reports to. Only an admitted session reports anything. */
export type SessionRegistry = {
  /** Admits a session whose hello is acceptable, or returns the reason for refusing it. */
  admit(session: AgentSession): TunnelError | undefined;
  /** The session has been welcomed and is ready. */
  opened(session: AgentSession): void;
  /** The session drains, or its agent has reloaded its configuration. */
  changed(session: AgentSession): void;
  /** The session carried as many streams as it may, and has room for another open. */
  hasRoom(session: AgentSession): void;
  ended(session: AgentSession): void;
  heartbeat(session: AgentSession, received: ReceivedHeartbeat): void;
  /** The agent has answered a request. */
  result(session: AgentSession, result: AgentMessageOf<'result'>): void;
};

/**
 * Every life of a session: `draining` takes no new opens. When the agent drains, the agent also ends the session; when
 * this gateway drains, its deadline does.
 */
type State =
  | { readonly name: 'greeting'; readonly timer: NodeJS.Timeout }
  /** Until the welcome is sent the control plane judges the agent, and the session accepts no opens. */
  | { readonly name: 'ready'; readonly welcome: 'pending' | 'sent' }
  | { readonly name: 'draining'; readonly timer: NodeJS.Timeout | undefined }
  | { readonly name: 'ended' };

export type ReceivedHeartbeat = { readonly at: number; readonly heartbeat: AgentMessageOf<'heartbeat'> };

const LAST_MESSAGE_TIMEOUT = 1_000;

let sessions = 0;

/** One agent session, from its control stream to its end. */
export class AgentSession implements RoutableSession {
  readonly identity: AgentIdentity;
  readonly address: string;
  readonly openedAt: number;
  readonly #socket: TLSSocket;
  readonly #http: ServerHttp2Session;
  readonly #options: SessionOptions;
  readonly #control: ControlStream;
  readonly #streams: DataStreams;
  readonly #windows: WindowShare;
  readonly #keepalive: SessionKeepalive;
  readonly #rate: TokenBucket;
  #state: State;
  /** Which end has said that the session will end. */
  #announced: 'nobody' | 'agent' | 'gateway' = 'nobody';
  #hello: AgentMessageOf<'hello'> | undefined;
  #heartbeat: ReceivedHeartbeat | undefined;
  #roundTrip: number | undefined;
  #connectors: ReadonlyMap<string, OfferedConnector> = new Map();

  /** `stream` is the control stream's request, not yet answered. */
  constructor(
    socket: TLSSocket,
    http: ServerHttp2Session,
    stream: ServerHttp2Stream,
    identity: AgentIdentity,
    options: SessionOptions,
  ) {
    this.identity = identity;
    this.address = socket.remoteAddress ?? '';
    this.openedAt = options.clock.wall();
    this.#rate = messageRate(options.clock);
    this.#socket = socket;
    this.#http = http;
    this.#options = options;
    const timer = setTimeout(
      () => this.#end(new TunnelError('PROTOCOL_ERROR', 'The agent sent no hello in time.')),
      options.helloTimeout,
    );
    this.#state = { name: 'greeting', timer };
    this.#windows = options.windows.join((initialWindowSize, acknowledged) => {
      if (!http.destroyed) http.settings({ initialWindowSize }, () => acknowledged());
    });
    this.#keepalive = new SessionKeepalive({
      http,
      socket,
      ping: options.ping,
      onDead: (reason) => this.#end(new TunnelError('SESSION_LOST', reason)),
      onRoundTrip: (milliseconds) => {
        this.#roundTrip = milliseconds;
        this.#windows.setRoundTrip(milliseconds);
      },
      onSlept: () => options.log('host-slept'),
    });
    sessions += 1;
    this.#streams = new DataStreams(
      sessions.toString(36),
      (message) => this.#control.send(message),
      this.#windows,
      () => {
        if (this.#state.name === 'ready') options.registry.hasRoom(this);
      },
    );
    http.once('close', () => this.#end(new TunnelError('SESSION_LOST', 'The agent closed the session.')));
    socket.once('close', () =>
      this.#end(new TunnelError('SESSION_LOST', 'The connection to the agent was lost.')),
    );
    this.#control = new ControlStream(stream, {
      onMessage: (message) => this.#receive(message),
      onEnd: (error) => this.#end(error),
    });
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  get hello(): AgentMessageOf<'hello'> | undefined {
    return this.#hello;
  }

  get heartbeat(): ReceivedHeartbeat | undefined {
    return this.#heartbeat;
  }

  /** Milliseconds of the last PING; undefined until the first answer. */
  get roundTrip(): number | undefined {
    return this.#roundTrip;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    return { open: this.#streams.open, opening: this.#streams.opening };
  }

  /** What least-loaded choice compares. */
  get load(): number {
    return this.#streams.open + this.#streams.opening;
  }

  /** `address`: one of the connector's addresses, as host:port; any when left out. */
  offers(connector: string, address?: string): boolean {
    const offered = this.#connectors.get(connector);
    return offered !== undefined && (address === undefined || offered.addresses.has(address));
  }

  /** What the agent says of a connector of its file. */
  connector(name: string): OfferedConnector | undefined {
    return this.#connectors.get(name);
  }

  /** Whether an open may be asked of this session now. */
  get acceptsOpens(): boolean {
    return this.unavailableReason === undefined;
  }

  /** Why no open may be asked of this session now. */
  get unavailableReason(): UnavailableReason | undefined {
    if (this.#state.name !== 'ready' || this.#state.welcome === 'pending') return 'draining';
    if (this.#streams.isFull) return 'full';
    if (this.#hasExpired) return 'identity-expired';
    return this.#options.controlPlane.fleet.isSuspended(this.identity.agentId) ? 'suspended' : undefined;
  }

  /** A session may outlive its certificate for as long as its streams do; it takes no opens on an expired one. */
  get #hasExpired(): boolean {
    return this.identity.notAfter < this.#options.clock.wall();
  }

  /** Asks the agent to dial; see DataStreams.request. */
  open(request: OpenRequest): Promise<TargetStream> {
    if (!this.acceptsOpens) return Promise.reject(new TunnelError('SESSION_LOST'));
    const { connector, address } = request;
    if (address === undefined) return this.#streams.request(request);
    // The agent compares with what it said itself.
    const told = this.#connectors.get(connector)?.addresses.get(address);
    return this.#streams.request({ ...request, address: told ?? address });
  }

  /** Asks the agent for something else than an open; `onResult` is told of the answer, if one comes this way. */
  request(message: GatewayMessageOf<'request'>): void {
    this.#control.send(message);
  }

  /** A data stream has arrived on this session. */
  arrive(id: string, stream: ServerHttp2Stream): void {
    if (!this.#streams.arrive(id, stream)) {
      this.#end(new TunnelError('PROTOCOL_ERROR', `Stream ${id} answers no open of this session.`));
    }
  }

  /** Asks the agent to connect again first and then to leave, since this gateway drains. */
  askToReconnect(reason: string): void {
    if (this.#state.name !== 'ready' && this.#state.name !== 'draining') return;
    this.#control.send({ type: 'reconnect', reason });
    const timer = setTimeout(
      () => this.#end(new TunnelError('DRAIN_TIMEOUT', 'Streams outlived the drain deadline.')),
      this.#options.drainTimeout(),
    );
    this.#drain('gateway', timer);
  }

  /** Announces a changed pin or state to the agent. Does nothing before the welcome, which includes both. */
  announce(verdict: Verdict): void {
    const isWelcomed = this.#state.name === 'ready' ? this.#state.welcome === 'sent' : true;
    if (this.#isAdmitted && isWelcomed) this.#control.send({ type: 'pin', ...verdict });
  }

  /** Between hello and end. */
  get #isAdmitted(): boolean {
    return this.#state.name === 'ready' || this.#state.name === 'draining';
  }

  /** Ends the session and everything on it at once. */
  end(error: TunnelError): void {
    this.#end(error);
  }

  #receive(message: AgentMessage): void {
    if (!isAnswer(message) && !this.#rate.tryTake()) {
      this.#end(new TunnelError('LIMIT_EXCEEDED', 'The agent says more than it could have to say.'));
      return;
    }
    switch (message.type) {
      case 'hello':
        this.#greet(message);
        break;
      case 'heartbeat': {
        const at = this.#options.clock.wall();
        this.#heartbeat = { at, heartbeat: message };
        this.#control.send({
          type: 'heartbeat-ack',
          seq: message.seq,
          receivedAt: at,
          sentAt: this.#options.clock.wall(),
        });
        this.#options.registry.heartbeat(this, this.#heartbeat);
        break;
      }
      case 'config':
        if (this.#hello === undefined) break;
        this.#hello = { ...this.#hello, config: message.config, connectors: message.connectors };
        this.#connectors = offeredConnectors(message.connectors);
        this.#options.registry.changed(this);
        break;
      case 'open-failed':
        this.#streams.fail(message.id, message.code, message.detail);
        break;
      case 'result':
        this.#options.registry.result(this, message);
        break;
      case 'draining':
        if (this.#state.name === 'ready') this.#drain('agent', undefined);
        break;
      case 'goodbye':
        this.#announced = 'agent';
        break;
      default:
        break;
    }
  }

  #greet(hello: AgentMessageOf<'hello'>): void {
    if (this.#state.name !== 'greeting') {
      this.#end(new TunnelError('PROTOCOL_ERROR', 'The agent said hello twice.'));
      return;
    }
    clearTimeout(this.#state.timer);
    this.#hello = hello;
    this.#connectors = offeredConnectors(hello.connectors);
    const { controlPlane, registry, clock } = this.#options;
    const refusal = refusalOf(hello, this.identity, controlPlane.identity.isRevoked) ?? registry.admit(this);
    if (refusal !== undefined) {
      const retryable = refusal.retry !== 'never' || refusal.code === 'LIMIT_EXCEEDED';
      this.#control.end({
        type: 'refused',
        code: refusal.code,
        detail: refusal.message.slice(0, 1024),
        retryable,
      });
      this.#end(refusal, LAST_MESSAGE_TIMEOUT);
      return;
    }
    this.#state = { name: 'ready', welcome: 'pending' };
    this.#control.send({
      type: 'welcome',
      gateway: { ...this.#options.self, version: SOFTWARE_VERSION },
      clock: clock.wall(),
      heartbeatInterval: this.#options.heartbeatInterval(),
      ...controlPlane.fleet.welcome(this),
    });
    this.#state = { name: 'ready', welcome: 'sent' };
    this.#keepalive.start();
    this.#options.log('session-opened', this.#fields());
    registry.opened(this);
  }

  #drain(by: 'agent' | 'gateway', timer: NodeJS.Timeout | undefined): void {
    if (this.#state.name === 'draining') clearTimeout(this.#state.timer);
    this.#announced = by;
    this.#state = { name: 'draining', timer };
    this.#options.log('session-draining', { ...this.#fields(), by });
    this.#options.registry.changed(this);
  }

  /** Comes back when the session has no stream left. */
  idle(): Promise<void> {
    return this.#streams.idle();
  }

  /** `grace` is how many milliseconds the last message has to leave. */
  #end(error: TunnelError, grace = 0): void {
    const before = this.#state;
    if (before.name === 'ended') return;
    if (before.name !== 'ready') clearTimeout(before.timer);
    this.#state = { name: 'ended' };
    this.#keepalive.stop();
    // An open that crossed the agent's word that it leaves was refused by that word, and by no fault of the session.
    if (this.#announced === 'agent') this.#streams.refuseAll(new TunnelError('AGENT_DRAINING'));
    this.#streams.endAll(error.code === 'DRAIN_TIMEOUT' ? 'DRAIN_TIMEOUT' : 'SESSION_LOST');
    this.#windows.release();
    this.#options.registry.ended(this);
    this.#logEnd(before.name, error);
    if (grace === 0) {
      this.#socket.destroy();
      return;
    }
    // GOAWAY is always NO_ERROR: with another code Node would cut what the last message needs to leave.
    if (!this.#http.destroyed) this.#http.close();
    const timer = setTimeout(() => this.#socket.destroy(), grace);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #logEnd(before: State['name'], error: TunnelError): void {
    const fields = { ...this.#fields(), code: error.code, detail: error.message };
    if (before === 'greeting') this.#options.log('session-refused', fields);
    else if (this.#announced !== 'nobody') this.#options.log('session-closed', fields);
    else this.#options.log('session-lost', fields);
  }

  #fields() {
    const { name, pool, agentId } = this.identity;
    return { agent: name, pool, agentId, address: this.address };
  }
}

/** Said because this gateway asked. */
const isAnswer = ({ type }: AgentMessage) => type === 'open-failed' || type === 'result';
