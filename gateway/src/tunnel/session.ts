import { randomBytes } from 'node:crypto';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { TokenBucket } from '@penstock/runtime';
import {
  descriptorOf,
  SessionConnection,
  SessionLinks,
  type SessionLoss,
  UntoldEnds,
} from '@penstock/transport';
import {
  type AgentIdentity,
  type AgentMessage,
  type AgentMessageOf,
  type CloseCode,
  type GatewayMessageOf,
  TunnelError,
  type UpgradeMessage,
} from '@penstock/wire';
import type { Verdict } from '../control-plane-port.ts';
import type { OpenRequest, TargetStream, UnavailableReason } from '../routing/session-contract.ts';
import { AgentAnnouncement } from './agent-announcement.ts';
import { ControlStream } from './control-stream.ts';
import { DataStreams, notIssued } from './data-streams.ts';
import { refusalOf, refusedMessage, welcomeMessage } from './greeting.ts';
import { answerRate, costOf, messageRate } from './message-rate.ts';
import type { OfferedConnector } from './offered-connector.ts';
import type { SessionOptions } from './session-options.ts';
import type { RegisteredSession } from './session-registry.ts';
import { announcerOf, type SessionState, timerOf } from './session-state.ts';

/** Milliseconds for the message `refused` to leave before the connection is closed. */
const REFUSED_MESSAGE_TIMEOUT = 1_000;

/** Bytes of the random part of the ids of opens: the id of a connection that outlives its session must not be guessed. */
const ID_BYTES = 8;

/** One agent session, from its control stream to its end. */
export class AgentSession implements RegisteredSession {
  readonly identity: AgentIdentity;
  /** Names the session to its agent, and starts the ids of its opens. */
  readonly id = randomBytes(ID_BYTES).toString('hex');
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  readonly #link: SessionConnection;
  readonly #options: SessionOptions;
  readonly #control: ControlStream;
  readonly #streams: DataStreams;
  readonly #links: SessionLinks;
  readonly #untold = new UntoldEnds();
  readonly #messageRate: TokenBucket;
  readonly #answerRate: TokenBucket;
  readonly #announcement = new AgentAnnouncement();
  #state: SessionState;
  #hasSaidGoodbye = false;

  /** `stream` is the request for the control stream, not answered yet; `address` is the agent's. */
  constructor(
    socket: TLSSocket,
    http: ServerHttp2Session,
    stream: ServerHttp2Stream,
    identity: AgentIdentity,
    address: string,
    options: SessionOptions,
  ) {
    this.identity = identity;
    this.openedAt = options.clock.wall();
    this.#messageRate = messageRate(options.clock);
    this.#answerRate = answerRate(options.clock);
    this.#options = options;
    const timer = setTimeout(
      () => this.end(new TunnelError('PROTOCOL_ERROR', 'The agent did not send its hello in time.')),
      options.helloTimeout,
    );
    this.#state = { name: 'greeting', timer };
    this.#link = new SessionConnection(socket, http, {
      address,
      windows: options.windows,
      ping: options.ping,
      peer: 'agent',
      onPong: () => this.#untold.confirm(),
      onSlept: () => options.log('host-slept'),
      onLost: (error, loss) => this.end(error, loss),
    });
    this.#links = new SessionLinks(
      (connections) => this.#control.send({ type: 'received', connections }),
      () => this.#control.isBlocked,
      this.#untold,
    );
    this.#links.watch(
      {
        bytesReceived: () => this.#link.bytesReceived,
        roundTrip: () => this.roundTrip,
        onSilent: () => this.#link.suspect(),
      },
      {
        streamWindow: () => http.remoteSettings.initialWindowSize ?? 0,
        onCongested: () => {
          this.#control.send({ type: 'congested' });
          options.registry.congested(this);
        },
        fd: () => descriptorOf(socket),
        onRestarted: (collapsed) => options.log('bbr-restarted', { ...this.#logFields, ...collapsed }),
      },
    );
    this.#streams = new DataStreams(
      this.id,
      (message) => this.#control.send(message),
      this.#link.windows,
      this.#links,
      this.#untold,
      () => {
        if (this.#state.name === 'ready') options.registry.hasRoom(this);
      },
      (detail) => this.end(new TunnelError('PROTOCOL_ERROR', detail)),
    );
    this.#control = new ControlStream(stream, {
      onMessage: (message) => this.#receive(message),
      onEnd: (error) => this.end(error),
    });
  }

  get state(): SessionState['name'] {
    return this.#state.name;
  }

  get address(): string {
    return this.#link.address;
  }

  get hello(): AgentMessageOf<'hello'> | undefined {
    return this.#announcement.hello;
  }

  get bootId(): string {
    return this.hello?.bootId ?? '';
  }

  get roundTrip(): number | undefined {
    return this.#link.roundTrip;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    return { open: this.#streams.open, opening: this.#streams.opening };
  }

  get load(): number {
    return this.#streams.open + this.#streams.opening;
  }

  offers(connector: string, address?: string): boolean {
    return this.#announcement.offers(connector, address);
  }

  connector(name: string): OfferedConnector | undefined {
    return this.#announcement.connector(name);
  }

  get acceptsOpens(): boolean {
    return this.unavailableReason === undefined;
  }

  get isSuspect(): boolean {
    return this.#link.isSuspect;
  }

  get unavailableReason(): UnavailableReason | undefined {
    if (this.#state.name !== 'ready' || this.#state.welcome === 'pending') return 'draining';
    if (this.#streams.isFull) return 'full';
    // Streams may outlive the certificate of their session, but no new ones are opened on an expired identity.
    if (this.identity.notAfter < this.#options.clock.wall()) return 'identity-expired';
    return this.#options.controlPlane.fleet.isSuspended(this.identity.agentId) ? 'suspended' : undefined;
  }

  get acceptsResumes(): boolean {
    if (this.hello?.resume === undefined) return false;
    const { unavailableReason } = this;
    return (
      unavailableReason === undefined || unavailableReason === 'suspended' || this.#state.name === 'draining'
    );
  }

  open(request: OpenRequest): Promise<TargetStream> {
    const isAccepted = request.resume === undefined ? this.acceptsOpens : this.acceptsResumes;
    if (!isAccepted) return Promise.reject(new TunnelError('SESSION_LOST'));
    const { connector, address } = request;
    const opening = this.#streams.request(
      address === undefined
        ? request
        : { ...request, address: this.#announcement.spellingOf(connector, address) },
    );
    const stop = this.#link.expectLife(() => request.onSilent?.());
    opening.then(stop, stop);
    return opening;
  }

  endCarried(id: string, code: CloseCode): void {
    this.#untold.ended(id);
    this.#control.send({ type: 'cancel', id, code });
  }

  request(message: GatewayMessageOf<'request'>): void {
    this.#control.send(message);
  }

  sendUpgrade(message: UpgradeMessage): void {
    this.#control.send(message);
  }

  /** Takes in a data stream that the agent has opened. */
  arrive(id: string, stream: ServerHttp2Stream, received: number | undefined, isReusable: boolean): void {
    if (this.#streams.arrive(id, stream, received, isReusable)) return;
    this.end(new TunnelError('PROTOCOL_ERROR', notIssued(id)));
  }

  askToReconnect(reason: string): void {
    if (!this.#isAdmitted || this.#isSentAway) return;
    this.#control.send({ type: 'reconnect', reason });
    const timer = setTimeout(
      () => this.end(new TunnelError('DRAIN_TIMEOUT', 'The session had streams at the drain timeout.')),
      this.#options.drainTimeout(),
    );
    this.#drain({ name: 'draining', endAnnouncedBy: 'gateway', timer });
  }

  suggestReconnect(reason: string): void {
    if (this.#state.name === 'ready') this.#control.send({ type: 'reconnect', reason, mayStay: true });
  }

  announce(verdict: Verdict): void {
    const isPending = this.#state.name === 'ready' && this.#state.welcome === 'pending';
    if (this.#isAdmitted && !isPending) this.#control.send({ type: 'pin', ...verdict });
  }

  countBusy(): number | undefined {
    return this.#links.countBusy();
  }

  relieve(count: number): void {
    this.#links.relieve(count);
  }

  end(error: TunnelError, loss: SessionLoss = 'closed'): void {
    if (this.#finish(error, loss)) this.#link.destroy();
  }

  get #isSentAway(): boolean {
    return this.#state.name === 'draining' && this.#state.endAnnouncedBy === 'gateway';
  }

  /** Whether the session has been admitted and has not ended. */
  get #isAdmitted(): boolean {
    return this.#state.name === 'ready' || this.#state.name === 'draining';
  }

  #setState(next: SessionState): void {
    const timer = timerOf(this.#state);
    if (timer !== timerOf(next)) clearTimeout(timer);
    this.#state = next;
  }

  #receive(message: AgentMessage): void {
    if (this.#state.name === 'ended') return;
    const rate = isAnswer(message) ? this.#answerRate : this.#messageRate;
    if (!rate.tryTake(costOf(message))) {
      this.end(new TunnelError('LIMIT_EXCEEDED', 'The agent exceeded the rate of control messages.'));
      return;
    }
    // The agent starts with its hello, and sends it once.
    const isHello = message.type === 'hello';
    if (isHello !== (this.#state.name === 'greeting')) {
      const fault = isHello ? 'a second hello' : `${message.type} before its hello`;
      this.end(new TunnelError('PROTOCOL_ERROR', `The agent sent ${fault}.`));
      return;
    }
    if (isHello) this.#greet(message);
    else this.#handle(message);
  }

  #handle(message: Exclude<AgentMessage, { type: 'hello' }>): void {
    const { registry, clock } = this.#options;
    switch (message.type) {
      case 'heartbeat': {
        const at = clock.wall();
        const replicas = this.#options.replica()?.count;
        this.#control.send({
          type: 'heartbeat-ack',
          seq: message.seq,
          receivedAt: at,
          sentAt: clock.wall(),
          ...(replicas !== undefined && { replicas }),
        });
        registry.heartbeat(this, { at, heartbeat: message });
        break;
      }
      case 'config':
        this.#announcement.reload(message);
        registry.changed(this);
        break;
      case 'open-failed':
        this.#streams.fail(message.id, message.code, message.detail);
        break;
      case 'received':
        this.#links.acknowledged(message.connections);
        break;
      case 'congested':
        registry.congested(this);
        break;
      case 'result':
        registry.result(this, message);
        break;
      case 'progress':
        registry.progress(this, message);
        break;
      case 'upgrade-status':
        registry.upgradeStatus(this, message);
        break;
      case 'may-switch':
        registry.maySwitch(this, message);
        break;
      case 'draining':
        if (message.ending === 'DRAIN_TIMEOUT') this.#streams.peerEnds(message.ending);
        if (this.#state.name === 'ready') {
          this.#drain({ name: 'draining', endAnnouncedBy: 'agent', timer: undefined });
        }
        if (message.canMove === true) this.#links.retire();
        break;
      case 'goodbye':
        this.#hasSaidGoodbye = true;
        if (this.#state.name === 'ready' || this.#state.name === 'draining')
          this.#setState({ ...this.#state, endAnnouncedBy: 'agent' });
        break;
    }
  }

  #greet(hello: AgentMessageOf<'hello'>): void {
    const { controlPlane, registry, log } = this.#options;
    this.#announcement.set(hello);
    const refusal = refusalOf(hello, this.identity, controlPlane.identity.isRevoked) ?? registry.admit(this);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    if (hello.lost !== undefined) registry.lost(this, hello.lost);
    this.#setState({ name: 'ready', welcome: 'pending', endAnnouncedBy: undefined });
    this.#control.send(welcomeMessage(this.#options, controlPlane.fleet.welcome(this), this.id));
    this.#setState({ name: 'ready', welcome: 'sent', endAnnouncedBy: undefined });
    this.#link.startKeepalive();
    log('session-opened', this.#logFields);
    registry.opened(this);
  }

  #refuse(refusal: TunnelError): void {
    this.#control.end(refusedMessage(refusal));
    this.#finish(refusal, 'closed');
    this.#link.close(REFUSED_MESSAGE_TIMEOUT);
  }

  #drain(next: Extract<SessionState, { name: 'draining' }>): void {
    this.#setState(next);
    this.#options.log('session-draining', { ...this.#logFields, by: next.endAnnouncedBy });
    this.#options.registry.changed(this);
  }

  /** Ends everything except the connection. Returns false when the session has ended before. */
  #finish(error: TunnelError, loss: SessionLoss): boolean {
    const before = this.#state;
    if (before.name === 'ended') return false;
    this.#setState({ name: 'ended' });
    // The agent refused an open that crossed its announcement. The session itself is not at fault.
    if (announcerOf(before) === 'agent') this.#streams.refuseAll(new TunnelError('AGENT_DRAINING'));
    // An agent that has said goodbye does not come back for its connections.
    if (error.code === 'SESSION_LOST' && !this.#hasSaidGoodbye) this.#links.lose(loss);
    // First, because an agent that only did not answer in time would take the resets of its streams for those of clients.
    // A refused session has none, and its refusal is still on its way.
    if (error.code === 'SESSION_LOST' && before.name !== 'greeting') this.#link.destroy();
    this.#links.stop();
    const untold = this.#untold.take();
    if (untold.length > 0 && !this.#hasSaidGoodbye) this.#options.registry.untold(this, untold);
    this.#streams.endAll(error.code === 'DRAIN_TIMEOUT' ? 'DRAIN_TIMEOUT' : 'SESSION_LOST', error.message);
    this.#link.release();
    this.#options.registry.ended(this, error.code);
    const fields = { ...this.#logFields, code: error.code, detail: error.message };
    if (before.name === 'greeting') this.#options.log('session-refused', fields);
    else this.#options.log(announcerOf(before) === undefined ? 'session-lost' : 'session-closed', fields);
    return true;
  }

  get #logFields() {
    const { name, pool, agentId } = this.identity;
    return { agent: name, pool, agentId, address: this.address };
  }
}

/** Sent because this gateway asked for it. */
const isAnswer = ({ type }: AgentMessage) => answers.has(type);

const answers: ReadonlySet<AgentMessage['type']> = new Set(['open-failed', 'received', 'result', 'progress']);
