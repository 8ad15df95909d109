import {
  type Counts,
  type DirectoryConnectors,
  type DirectorySession,
  type OwnerMessage,
  type OwnerMessageOf,
  type PeerFollower,
  type PeerSession,
  peerLimits,
  type ReplicaState,
} from '@penstock/cluster';
import { type Clock, inSlices } from '@penstock/runtime';
import type { SessionLoss } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { Registry } from '../tunnel/registry.ts';
import type { CountedOpens } from './forward-agent-opens.ts';
import { MessageOrder, type NumberedMessage } from './message-order.ts';
import { type Opens, PeerOpens } from './opens-elsewhere.ts';
import type { PeerEvents } from './publish-events.ts';
import { RelayedSession } from './relayed-session.ts';
import { requireRoom } from './require-room.ts';

export type PeerDirectoryOptions = {
  readonly replica: string;
  readonly registry: Pick<
    Registry,
    'adopt' | 'changed' | 'untold' | 'ended' | 'heartbeat' | 'result' | 'maySwitch' | 'upgradeStatus'
  >;
  readonly isSuspended: (agentId: string) => boolean;
  /** The peer knows this revision of the store. */
  readonly onRevision: (revision: number) => void;
  /** The peer has published these events of the fleet. */
  readonly onEvents: (events: PeerEvents) => void;
  /** The peer, which has published the events of this stream, no longer tells of them. */
  readonly onEventsLost: (stream: string) => void;
  /** Connections of the peer were opened, have ended or were denied. Called while `followLog` is on. */
  readonly onLogEntries: (entries: readonly object[]) => void;
  /** Opens of the peer's clients. Called while `followAgentOpens` is on. */
  readonly onAgentOpens: (items: readonly CountedOpens[]) => void;
  /** The gateway could not process the end of a session. */
  readonly onFailed: (error: unknown) => void;
  readonly clock: Clock;
  /** What the peer may describe; those of peerLimits unless a test sets lower ones. */
  readonly limits?: DirectoryLimits;
};

/** Sessions, and names with counts of one kind. */
type DirectoryLimits = { readonly sessions: number; readonly names: number };

/** Milliseconds after the loss of the peer session for which its agents are still shown. */
const HIDE_AFTER_MS = 2_000;
/** Lists of connectors beyond those that the sessions use. Agents that reload often leave some behind. */
const MAX_UNUSED_CONNECTORS = 1_000;
const GONE = 'The replica cannot be reached.';

/** The sessions of one peer process, as it describes them, in the registry of this gateway. */
export class PeerDirectory implements PeerFollower {
  readonly replica: string;
  readonly #options: PeerDirectoryOptions;
  readonly #limits: DirectoryLimits;
  readonly #sessions = new Map<string, RelayedSession>();
  readonly #clients = new Map<string, number>();
  readonly #grants = new Map<string, number>();
  #connectors = new Map<string, DirectoryConnectors>();
  #peer: PeerSession | undefined;
  /** Ids that the current snapshot has confirmed. */
  #confirmed: Set<string> | undefined;
  readonly #order = new MessageOrder();
  #isDescribed = false;
  #state: ReplicaState = 'running';
  #stopHiding = () => {};
  readonly #stopping = new AbortController();
  #eventStream: string | undefined;
  readonly #opens: PeerOpens;
  #followsLog = false;
  #followsAgentOpens = false;

  constructor(options: PeerDirectoryOptions) {
    this.replica = options.replica;
    this.#options = options;
    this.#limits = options.limits ?? peerLimits;
    this.#opens = new PeerOpens(options.clock.now, this.#limits.names);
  }

  get sessions(): Iterable<RelayedSession> {
    return this.#sessions.values();
  }

  get peer(): PeerSession | undefined {
    return this.#peer;
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Whether the peer has described all its sessions since it was connected. Before, it may have more than are known. */
  get isDescribed(): boolean {
    return this.#isDescribed;
  }

  clientsOf(connection: string): number {
    return this.#clients.get(connection) ?? 0;
  }

  /** How the opens of its clients went. */
  opens(): Iterable<Opens> {
    return this.#opens.report();
  }

  usesOf(grant: string): number {
    return this.#grants.get(grant) ?? 0;
  }

  /** Has the peer send its connection log, or no longer. */
  followLog(on: boolean): void {
    if (on !== this.#followsLog) this.#peer?.send({ type: 'follow-log', on });
    this.#followsLog = on;
  }

  /** Has the peer send its opens by agent, or no longer. */
  followAgentOpens(on: boolean): void {
    if (on !== this.#followsAgentOpens) this.#peer?.send({ type: 'follow-agent-opens', on });
    this.#followsAgentOpens = on;
  }

  opened(peer: PeerSession): void {
    if (this.#followsLog) peer.send({ type: 'follow-log', on: true });
    if (this.#followsAgentOpens) peer.send({ type: 'follow-agent-opens', on: true });
    this.#stopHiding();
    this.#peer = peer;
    this.#order.restart();
  }

  lost(loss: SessionLoss): void {
    if (this.#eventStream !== undefined) this.#options.onEventsLost(this.#eventStream);
    this.#peer = undefined;
    this.#confirmed = undefined;
    this.#isDescribed = false;
    for (const session of this.#sessions.values()) session.leave(loss);
    this.#stopHiding = this.#options.clock.after(HIDE_AFTER_MS, () => void this.#hide());
  }

  left(): Promise<void> {
    this.#stopHiding();
    return this.#hide();
  }

  stop(): void {
    this.#stopHiding();
    this.#stopping.abort();
    for (const session of this.#sessions.values()) this.#end(session, GONE);
  }

  /** Throws TunnelError LIMIT_EXCEEDED when the peer describes more than it may. */
  received(message: OwnerMessage): void {
    if ('seq' in message) {
      const place = this.#order.take(message);
      if (place === 'counts') this.#apply(message);
      else if (place === 'gap') this.#resync();
      return;
    }
    switch (message.type) {
      case 'lost':
        this.#sessions.get(message.id)?.lose(message.loss);
        break;
      case 'retiring':
        this.#sessions.get(message.id)?.retire();
        break;
      case 'upgrade-report': {
        const session = this.#sessions.get(message.id);
        if (session === undefined) break;
        const { registry } = this.#options;
        if (message.message.type === 'may-switch') registry.maySwitch(session, message.message);
        else registry.upgradeStatus(session, message.message);
        break;
      }
      case 'log-entries':
        this.#options.onLogEntries(message.entries);
        break;
      case 'opens':
        this.#opens.received(message);
        break;
      case 'agent-opens':
        if (this.#followsAgentOpens) this.#options.onAgentOpens(message.items);
        break;
      case 'events':
        this.#eventStream = message.stream;
        this.#options.onEvents(message);
        break;
      case 'revision':
        this.#options.onRevision(message.revision);
        break;
      case 'received':
        this.#sessions.get(message.session)?.acknowledged(message.connections);
        break;
    }
  }

  #resync(): void {
    this.#isDescribed = false;
    this.#order.restart();
    this.#peer?.send({ type: 'resync' });
  }

  #apply(message: NumberedMessage): void {
    const { registry } = this.#options;
    switch (message.type) {
      case 'snapshot':
        this.#confirmed = new Set();
        this.#connectors = new Map();
        this.#clients.clear();
        this.#grants.clear();
        break;
      case 'connectors':
        this.#connectors.set(message.key, message.connectors);
        if (this.#connectors.size > this.#sessions.size + MAX_UNUSED_CONNECTORS) this.#resync();
        break;
      case 'session':
        this.#update(message.session);
        break;
      case 'snapshot-end':
        this.#endUnconfirmed();
        this.#isDescribed = true;
        break;
      case 'ended':
        this.#sessions.get(message.id)?.end(new TunnelError(message.code));
        break;
      case 'heartbeat': {
        const session = this.#sessions.get(message.id);
        if (session === undefined) break;
        if (message.roundTrip !== undefined) session.setRoundTrip(message.roundTrip);
        registry.heartbeat(session, { at: message.at, heartbeat: message.heartbeat });
        break;
      }
      case 'tick':
        this.#tick(message);
        break;
    }
  }

  #update(facts: DirectorySession): void {
    const peer = this.#peer;
    const connectors = this.#connectors.get(facts.connectors);
    if (peer === undefined || connectors === undefined) return;
    this.#confirmed?.add(facts.id);
    const known = this.#sessions.get(facts.id);
    if (known !== undefined) {
      known.update(facts, connectors, peer);
      this.#options.registry.changed(known);
      return;
    }
    requireRoom(this.#sessions, this.#limits.sessions, 'sessions');
    const { replica, registry, clock, isSuspended } = this.#options;
    const session = new RelayedSession(facts, connectors, {
      replica,
      clock,
      isSuspended,
      onEnded: (ended, code) => {
        this.#sessions.delete(ended.id);
        this.#confirmed?.delete(ended.id);
        registry.ended(ended, code);
      },
      onUntold: (lost, ids) => registry.untold(lost, ids),
      onResult: (answering, result) => registry.result(answering, result),
    });
    session.update(facts, connectors, peer);
    this.#sessions.set(facts.id, session);
    registry.adopt(session);
  }

  #tick({ state, revision, loads, clients, grants }: OwnerMessageOf<'tick'>): void {
    this.#state = state;
    for (const { of, count } of loads) this.#sessions.get(of)?.setLoad(count);
    // What was opened since the last tick is in the load, or has ended: a load that is not listed has not changed.
    for (const session of this.#sessions.values()) session.counted();
    setAll(this.#clients, clients, this.#limits.names, 'connections with clients');
    setAll(this.#grants, grants, this.#limits.names, 'grants in use');
    this.#options.onRevision(revision);
  }

  #endUnconfirmed(): void {
    const sessions = [...this.#sessions.values()].filter(({ id }) => this.#confirmed?.has(id) !== true);
    this.#confirmed = undefined;
    void this.#endInSlices(sessions, 'The replica no longer has the session.', this.#stopping.signal);
  }

  #hide(): Promise<void> {
    this.#clients.clear();
    this.#grants.clear();
    this.#opens.clear();
    const isBack = new AbortController();
    this.#stopHiding = () => isBack.abort();
    return this.#endInSlices(this.#sessions.values(), GONE, isBack.signal);
  }

  /** In slices: each agent that is without a session then is judged anew. Never rejects. */
  #endInSlices(sessions: Iterable<RelayedSession>, reason: string, signal: AbortSignal): Promise<void> {
    return inSlices(sessions, (session) => this.#end(session, reason), this.#options.clock, signal);
  }

  #end(session: RelayedSession, reason: string): void {
    try {
      session.end(new TunnelError('SESSION_LOST', reason));
    } catch (error) {
      // The other sessions end all the same.
      this.#options.onFailed(error);
    }
  }
}

function setAll(map: Map<string, number>, counts: Counts, limit: number, kind: string): void {
  for (const { of, count } of counts) {
    if (count === 0) map.delete(of);
    else {
      if (!map.has(of)) requireRoom(map, limit, kind);
      map.set(of, count);
    }
  }
}
