import { createHash } from 'node:crypto';
import type { DirectoryConnectors, MessageStream, OwnerMessage, ReplicaState } from '@penstock/cluster';
import { type Clock, MAX_SLICE_ITEMS, nextTurn } from '@penstock/runtime';
import type { CloseCode } from '@penstock/wire';
import type { ReceivedHeartbeat, RegisteredSession } from '../tunnel/session-registry.ts';
import { ChangedCounts } from './changed-counts.ts';

export type PublisherSources = {
  readonly epoch: string;
  readonly sessions: () => Iterable<RegisteredSession>;
  readonly state: () => ReplicaState;
  /** The last revision of the store that this gateway knows. */
  readonly revision: () => number;
  /** Clients by connection, and by grant. */
  readonly clients: () => Iterable<readonly [string, number]>;
  readonly grants: () => Iterable<readonly [string, number]>;
  readonly clock: Clock;
};

type OwnerMessages = Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging' | 'onDrained'>;

/** Tells one peer of the sessions of this gateway: everything at first, then what changes. */
export class SessionPublisher {
  readonly #messages: OwnerMessages;
  readonly #sources: PublisherSources;
  #loads = new ChangedCounts();
  #clients = new ChangedCounts();
  #grants = new ChangedCounts();
  #sentConnectors = new Set<string>();
  #seq = 0;
  #snapshot: 'none' | 'running' | 'again' = 'none';
  #isBehind = false;
  #isStopped = false;

  constructor(messages: OwnerMessages, sources: PublisherSources) {
    this.#messages = messages;
    this.#sources = sources;
    this.resync();
  }

  /** Sends everything again. */
  resync(): void {
    if (this.#snapshot === 'none') void this.#sendAll();
    else this.#snapshot = 'again';
  }

  stop(): void {
    this.#isStopped = true;
  }

  changed(session: RegisteredSession): void {
    const { hello, state, id, identity, address, openedAt, roundTrip } = session;
    if (hello === undefined || (state !== 'ready' && state !== 'draining')) return;
    const { type: _type, connectors, lost: _lost, ...introduction } = hello;
    const key = keyOf(connectors);
    if (!this.#sentConnectors.has(key) && this.#send({ type: 'connectors', key, connectors })) {
      this.#sentConnectors.add(key);
    }
    this.#loads.take(id, session.load);
    this.#send({
      type: 'session',
      session: {
        id,
        identity,
        state,
        address,
        openedAt,
        ...(roundTrip !== undefined && { roundTrip }),
        load: session.load,
        hello: introduction,
        connectors: key,
      },
    });
  }

  ended({ id }: Pick<RegisteredSession, 'id'>, code: CloseCode): void {
    this.#loads.forget(id);
    this.#send({ type: 'ended', id, code });
  }

  heartbeat(
    { id, roundTrip }: Pick<RegisteredSession, 'id' | 'roundTrip'>,
    { at, heartbeat }: ReceivedHeartbeat,
  ): void {
    this.#send({ type: 'heartbeat', id, at, ...(roundTrip !== undefined && { roundTrip }), heartbeat });
  }

  /** To be called every second. */
  tick(): void {
    const { sessions, clients, grants, state, revision } = this.#sources;
    const loads = function* (): Generator<readonly [string, number]> {
      for (const { id, load } of sessions()) yield [id, load];
    };
    const head = { type: 'tick' as const, state: state(), revision: revision(), clients: [], grants: [] };
    // Each kind in a message of its own, because all of them together may not fit one.
    this.#send({ ...head, loads: this.#loads.changes(loads(), 'listed') });
    const of = {
      clients: this.#clients.changes(clients(), 'all'),
      grants: this.#grants.changes(grants(), 'all'),
    };
    if (of.clients.length > 0) this.#send({ ...head, loads: [], clients: of.clients });
    if (of.grants.length > 0) this.#send({ ...head, loads: [], grants: of.grants });
  }

  /** Numbers and sends a message. A peer that is too far behind gets everything again instead; returns false then. */
  #send(message: Unnumbered<OwnerMessage & { readonly seq: number }>): boolean {
    if (this.#isStopped) return false;
    this.#seq += 1;
    if (this.#messages.isLagging) {
      if (!this.#isBehind) {
        this.#isBehind = true;
        this.#messages.onDrained(() => {
          this.#isBehind = false;
          this.resync();
        });
      }
      return false;
    }
    if (this.#isBehind) return false;
    this.#messages.send({ ...message, seq: this.#seq } as OwnerMessage);
    return true;
  }

  /** In slices, and no faster than the peer reads. What changes meanwhile is sent in between. */
  async #sendAll(): Promise<void> {
    do {
      this.#snapshot = 'running';
      this.#sentConnectors = new Set();
      this.#loads = new ChangedCounts();
      this.#clients = new ChangedCounts();
      this.#grants = new ChangedCounts();
      this.#send({ type: 'snapshot', epoch: this.#sources.epoch });
      let count = 0;
      for (const session of [...this.#sources.sessions()]) {
        this.changed(session);
        count += 1;
        if (count % MAX_SLICE_ITEMS === 0) await nextTurn(this.#sources.clock);
        if (this.#messages.isLagging) {
          await new Promise<void>((resolve) => this.#messages.onDrained(resolve));
        }
        if (this.#isStopped || this.#isBehind) break;
      }
      this.#send({ type: 'snapshot-end' });
      this.tick();
    } while (this.#wantsAnother());
    this.#snapshot = 'none';
  }

  #wantsAnother(): boolean {
    return this.#snapshot === 'again' && !this.#isStopped;
  }
}

type Unnumbered<Message> = Message extends unknown ? Omit<Message, 'seq'> : never;

/** Where a list has its key. A WeakMap of those of all sessions would prolong every collection of the heap. */
const KEY = Symbol('key');
type Keyed = DirectoryConnectors & { readonly [KEY]?: string };

/** Equal for equal connectors. They are hashed once: the list of an agent is another object after each reload. */
function keyOf(connectors: DirectoryConnectors): string {
  const known = (connectors as Keyed)[KEY];
  if (known !== undefined) return known;
  const key = createHash('sha256').update(JSON.stringify(connectors)).digest('base64url');
  Object.defineProperty(connectors, KEY, { value: key });
  return key;
}
