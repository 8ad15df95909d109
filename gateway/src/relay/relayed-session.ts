import type { ClientHttp2Stream } from 'node:http2';
import type { DirectoryConnectors, DirectorySession, FollowerMessage, PeerSession } from '@penstock/cluster';
import { BriefSet, type Clock } from '@penstock/runtime';
import {
  type Acknowledgment,
  emptyClosed,
  SessionLinks,
  type SessionLoss,
  UntoldEnds,
} from '@penstock/transport';
import {
  type AgentIdentity,
  type AgentMessageOf,
  type CloseCode,
  type GatewayMessageOf,
  limits,
  TunnelError,
  type UpgradeMessage,
} from '@penstock/wire';
import type { OpenRequest, TargetStream, UnavailableReason } from '../routing/session-contract.ts';
import { AgentAnnouncement } from '../tunnel/agent-announcement.ts';
import type { OfferedConnector } from '../tunnel/offered-connector.ts';
import type { RegisteredSession } from '../tunnel/session-registry.ts';
import { forwardRequest } from './forward-request.ts';
import { openRelayed } from './open-relayed.ts';

export type RelayedSessionOptions = {
  /** Id of the replica that has the session. */
  readonly replica: string;
  readonly clock: Clock;
  readonly isSuspended: (agentId: string) => boolean;
  readonly onEnded: (session: RelayedSession, code: CloseCode) => void;
  /** The path to the agent was lost, which may keep these connections. */
  readonly onUntold: (session: RelayedSession, ids: readonly string[]) => void;
  readonly onResult: (session: RelayedSession, result: AgentMessageOf<'result'>) => void;
};

type State =
  | { readonly name: 'connected'; readonly peer: PeerSession }
  /** The session to the replica was lost a moment ago. */
  | { readonly name: 'away' }
  | { readonly name: 'ended' };

/** Milliseconds for which a session is suspected after its replica found the agent silent. */
const SUSPICION_MS = 3_000;

/**
 * A session of an agent to another replica, as that replica describes it. Opens go through the session between the
 * replicas, and so do the acknowledgments of connections that outlive it.
 */
export class RelayedSession implements RegisteredSession {
  readonly id: string;
  readonly replica: string;
  readonly identity: AgentIdentity;
  readonly address: string;
  readonly openedAt: number;
  readonly #options: RelayedSessionOptions;
  readonly #announcement = new AgentAnnouncement();
  readonly #links: SessionLinks;
  readonly #untold = new UntoldEnds();
  readonly #streams = new BriefSet<ClientHttp2Stream>();
  #facts: DirectorySession;
  #state: State = { name: 'away' };
  /** Opens from here that the load does not count yet. */
  #uncounted = 0;
  #suspectUntil = 0;

  constructor(session: DirectorySession, connectors: DirectoryConnectors, options: RelayedSessionOptions) {
    this.id = session.id;
    this.replica = options.replica;
    this.identity = session.identity;
    this.address = session.address;
    this.openedAt = session.openedAt;
    this.#options = options;
    this.#facts = session;
    this.#links = new SessionLinks(
      (connections) => this.#send({ type: 'received', session: this.id, connections }),
      () => this.#peer?.isLagging ?? false,
      this.#untold,
    );
    this.#announcement.set({ ...session.hello, type: 'hello', connectors });
  }

  /** Takes over what the replica says of its session now, and uses `peer` to reach it. */
  update(session: DirectorySession, connectors: DirectoryConnectors, peer: PeerSession): void {
    if (this.#state.name === 'ended') return;
    this.#facts = session;
    this.#uncounted = 0;
    this.#announcement.set({ ...session.hello, type: 'hello', connectors });
    this.#state = { name: 'connected', peer };
  }

  /** What was opened since the last load of its replica is in that load, or has ended. */
  counted(): void {
    this.#uncounted = 0;
  }

  setLoad(load: number): void {
    this.#facts = { ...this.#facts, load };
    this.#uncounted = 0;
  }

  setRoundTrip(roundTrip: number): void {
    // Measured by a ping of its replica, which has passed on what it was told before. Heartbeats repeat the last one.
    if (roundTrip !== this.#facts.roundTrip) this.#untold.confirm();
    this.#facts = { ...this.#facts, roundTrip };
  }

  /** The session to the replica was lost, and may come back. */
  leave(loss: SessionLoss): void {
    if (this.#state.name !== 'connected') return;
    this.#state = { name: 'away' };
    this.lose(loss);
  }

  /** The agent has lost the session. `end` follows. */
  lose(loss: SessionLoss): void {
    this.#links.lose(loss);
    this.#tellElsewhere();
  }

  retire(): void {
    this.#links.retire();
  }

  acknowledged(connections: readonly Acknowledgment[]): void {
    this.#links.acknowledged(connections);
  }

  get state(): RegisteredSession['state'] {
    return this.#state.name === 'ended' ? 'ended' : this.#facts.state;
  }

  get hello(): AgentMessageOf<'hello'> | undefined {
    return this.#announcement.hello;
  }

  get bootId(): string {
    return this.hello?.bootId ?? '';
  }

  get roundTrip(): number | undefined {
    return this.#facts.roundTrip;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    return { open: this.load, opening: 0 };
  }

  get load(): number {
    return this.#facts.load + this.#uncounted;
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
    return this.#peer?.isSuspect === true || this.#suspectUntil > this.#options.clock.now();
  }

  get unavailableReason(): UnavailableReason | undefined {
    if (this.#state.name !== 'connected') return 'replica-away';
    if (this.#facts.state !== 'ready') return 'draining';
    if (this.load >= limits.streamsPerSession - 1) return 'full';
    if (this.identity.notAfter < this.#options.clock.wall()) return 'identity-expired';
    return this.#options.isSuspended(this.identity.agentId) ? 'suspended' : undefined;
  }

  get acceptsResumes(): boolean {
    if (this.#state.name !== 'connected' || this.hello?.resume === undefined) return false;
    const { unavailableReason } = this;
    return (
      unavailableReason === undefined || unavailableReason === 'suspended' || this.#facts.state === 'draining'
    );
  }

  async open(request: OpenRequest): Promise<TargetStream> {
    const peer = this.#peer;
    const isAccepted = request.resume === undefined ? this.acceptsOpens : this.acceptsResumes;
    if (!isAccepted || peer === undefined) throw new TunnelError('SESSION_LOST');
    this.#uncounted += 1;
    const onSilent = () => {
      this.#suspectUntil = this.#options.clock.now() + SUSPICION_MS;
      request.onSilent?.();
    };
    const path = {
      replica: this.replica,
      peer,
      sessionId: this.id,
      links: this.#links,
      onStream: (stream: ClientHttp2Stream) => this.#own(stream),
    };
    const target = await openRelayed(path, { ...request, onSilent });
    this.#suspectUntil = 0;
    return target;
  }

  endCarried(id: string, code: CloseCode): void {
    this.#untold.ended(id);
    this.#send({ type: 'end-carried', session: this.id, id, code });
  }

  request(message: GatewayMessageOf<'request'>): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    void forwardRequest(peer, this.id, message, (stream) => this.#own(stream)).then((result) => {
      if (result !== undefined) this.#options.onResult(this, { ...result, type: 'result', id: message.id });
    });
  }

  sendUpgrade(message: UpgradeMessage): void {
    this.#send({ type: 'upgrade', session: this.id, message });
  }

  /** The replica that has the session tells its agent. */
  announce(): void {}

  /** The replica that has the session asks its agent. */
  askToReconnect(): void {}

  /** The same. */
  suggestReconnect(): void {}

  countBusy(): undefined {}

  /** The replica that has the session moves connections of its own clients. */
  relieve(): void {}

  end(error: TunnelError, loss: SessionLoss = 'closed'): void {
    if (this.#state.name === 'ended') return;
    // The agent has reported the loss here: its replica does not know.
    if (loss === 'silent') {
      this.#send({ type: 'sessions-lost', agentId: this.identity.agentId, ids: [this.id] });
    }
    if (error.code === 'SESSION_LOST') this.#links.lose(loss);
    this.#state = { name: 'ended' };
    this.#links.stop();
    this.#tellElsewhere();
    const reason = new TunnelError(
      error.code === 'DRAIN_TIMEOUT' ? 'DRAIN_TIMEOUT' : 'SESSION_LOST',
      error.message,
    );
    for (const stream of this.#streams) stream.destroy(reason);
    this.#options.onEnded(this, error.code);
  }

  #tellElsewhere(): void {
    const ids = this.#untold.take();
    if (ids.length > 0) this.#options.onUntold(this, ids);
  }

  get #peer(): PeerSession | undefined {
    return this.#state.name === 'connected' ? this.#state.peer : undefined;
  }

  #send(message: FollowerMessage): void {
    this.#peer?.send(message);
  }

  #own(stream: ClientHttp2Stream): void {
    const leave = this.#streams.add(stream);
    stream.on('close', () => {
      emptyClosed(stream);
      leave();
    });
  }
}
