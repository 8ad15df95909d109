import { randomBytes } from 'node:crypto';
import { systemClock } from '@penstock/runtime';
import { groupOf, keyOf } from './event-key.ts';
import { MAX_PARTS, positionOf, positionText } from './event-position.ts';
import {
  type FleetEvent,
  type FleetEventData,
  type FleetEventListener,
  type FleetEventType,
  fleetEvents,
} from './fleet-event.ts';
import { PeerHistory } from './peer-history.ts';
import { ReplayBuffer } from './replay-buffer.ts';
import {
  expectedHere,
  MAX_LAG_MS,
  type PeerPosition,
  type Published,
  seenElsewhere,
  takeExpected,
} from './resumption.ts';

/** What one process tells the others of its events. */
export type PublishedEvents = {
  /** Names the process; new at each start. */
  readonly stream: string;
  /** The number of the first; the others follow without a gap. */
  readonly first: number;
  readonly keys: readonly string[];
  /** The event itself, if it happens at this process only. */
  readonly event?: { readonly type: string; readonly data: object } | undefined;
};

/** A listener that resumes, here or from another replica. */
export type Resumption = {
  /** Events that it has not seen, oldest first. */
  readonly missed: readonly FleetEvent[];
  /** Whether it saw an event that is published now, where it came from. To be asked once for each event. */
  hasSeen(event: FleetEvent): boolean;
  /** The id that says what it has seen, once it has the event with this id. */
  idAfter(id: string): string;
};

/** Events kept in memory for listeners that resume. */
const MAX_REPLAYABLE_EVENTS = 1024;
/** Processes whose events are remembered. Those of a rolling restart are twice the replicas. */
const MAX_PEERS = 32;

/** Events that the next one of their type supersedes, so that a missed one is not needed. */
const transientTypes: ReadonlySet<FleetEventType> = new Set(['connections']);

type Kept = Published & { readonly event: FleetEvent };

/** Where an event has its key. A WeakMap of them would prolong every collection of the heap. */
const KEY = Symbol('key');
type Keyed = FleetEvent & { readonly [KEY]?: string };

/**
 * Publishes the events of the fleet to listeners. The most recent events are kept in memory, so that a listener whose
 * connection broke can resume, also one that comes from another replica. Publishing never waits for a listener.
 */
export class FleetEvents {
  /** Random for each process: ids from before a restart, whose events are lost, are not recognized. */
  readonly #stream = randomBytes(6).toString('hex');
  readonly #now: () => number;
  readonly #replayable = new ReplayBuffer<Kept>(MAX_REPLAYABLE_EVENTS, ({ key }) => groupOf(key));
  /** Number of events published with an id. */
  #count = 0;
  /** When the keys of the last events were published, the oldest first. */
  readonly #publishedAt = new Map<string, number>();
  #recentKeys: string[] = [];
  readonly #peers = new Map<string, PeerHistory>();
  readonly #followers = new Set<(published: PublishedEvents) => void>();
  readonly #listeners = new Set<FleetEventListener>();
  readonly #sources: (() => () => void)[] = [];
  readonly #stops: (() => void)[] = [];
  #state: 'open' | 'closed' = 'open';

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = systemClock.now) {
    this.#now = now;
  }

  /** `isTransient`: the event is not kept for listeners that resume, and has no id. */
  publish<Type extends FleetEventType>(
    type: Type,
    data: FleetEventData[Type],
    { isTransient = transientTypes.has(type) } = {},
  ): void {
    const event = { type, id: isTransient ? undefined : this.#nextId(), data } as FleetEvent;
    if (isTransient) {
      this.#tell(event);
      return;
    }
    const key = keyOf(event);
    this.#add(event, key ?? `${this.#stream} ${this.#count}`, key === undefined ? { type, data } : undefined);
  }

  /** Has `listener` called with the last events, and with each one from now on, until the returned function is called. */
  follow(listener: (published: PublishedEvents) => void): () => void {
    const keys = [...this.#recentKeys];
    listener({ stream: this.#stream, first: this.#count - keys.length + 1, keys });
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** Another replica has published these events. What happens only there is published here too. */
  peerPublished({ stream, first, keys, event }: PublishedEvents): void {
    const history = this.#peers.get(stream) ?? new PeerHistory(first, this.#now);
    if (!this.#peers.has(stream)) {
      const [oldest] = this.#peers.keys();
      if (oldest !== undefined && this.#peers.size >= MAX_PEERS) this.#peers.delete(oldest);
      this.#peers.set(stream, history);
    }
    history.add(first, keys);
    const [key] = keys;
    if (event === undefined || key === undefined || this.#publishedAt.has(key)) return;
    // A newer replica may have types of its own.
    if (!Object.hasOwn(fleetEvents, event.type)) return;
    this.#add({ ...event, id: this.#nextId() } as FleetEvent, key, undefined);
  }

  /** Another replica no longer tells of its events. */
  peerLost(stream: string): void {
    this.#peers.get(stream)?.lost();
  }

  /**
   * Where the listener with this id goes on: after the events it has seen, of each agent only the last one. Undefined if
   * they are no longer all known: the listener must then fetch the current state.
   */
  resume(id: string): Resumption | undefined {
    const parts = positionOf(id);
    if (parts === undefined) return undefined;
    const elsewhere: PeerPosition[] = [];
    let own: number | undefined;
    // What this process has dropped must have been seen there, or must have been here before.
    let droppedBefore = Number.POSITIVE_INFINITY;
    for (const part of parts) {
      if (part.stream === this.#stream) {
        own = Math.max(own ?? 0, part.number);
        continue;
      }
      const history = this.#peers.get(part.stream);
      const knownAt = history?.knownAt(part.number);
      if (history === undefined || knownAt === undefined) return undefined;
      elsewhere.push({ ...part, history });
      droppedBefore = Math.min(droppedBefore, knownAt - MAX_LAG_MS);
    }
    if (own !== undefined && own > this.#count) return undefined;
    const kept = own === undefined ? this.#keptSince(droppedBefore) : this.#replayable.after(own);
    if (kept === undefined) return undefined;
    return this.#resumption(kept, elsewhere);
  }

  #keptSince(droppedBefore: number): readonly Kept[] | undefined {
    const { dropped, kept } = this.#replayable;
    return dropped !== undefined && dropped.at >= droppedBefore ? undefined : kept;
  }

  #resumption(kept: readonly Kept[], elsewhere: readonly PeerPosition[]): Resumption {
    const isSeen = seenElsewhere(elsewhere);
    const until = this.#now() + MAX_LAG_MS;
    const expected = expectedHere(elsewhere, (key) => this.#publishedAt.get(key), this.#now());
    return {
      missed: kept.filter((each) => !isSeen(each)).map(({ event }) => event),
      hasSeen: (event) => {
        const key = (event as Keyed)[KEY];
        return key !== undefined && expected.size > 0 && takeExpected(expected, key) && this.#now() < until;
      },
      idAfter: (id) =>
        elsewhere.length > 0 && this.#now() < until
          ? [id, positionText(elsewhere.slice(0, MAX_PARTS - 1))].join('.')
          : id,
    };
  }

  /** Id of the most recent replayable event, from which a new listener can resume. */
  get lastId(): string {
    return `${this.#stream}-${this.#count}`;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /**
   * Adds a listener and returns a function that removes it. After `close`, the listener's `end` is called immediately.
   */
  listen(listener: FleetEventListener): () => void {
    if (this.#state === 'closed') {
      listener.end();
      return () => undefined;
    }
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) for (const start of this.#sources) this.#stops.push(start());
    return () => this.#remove(listener);
  }

  /**
   * Registers a source that runs only while there are listeners. `start` is called when the first listener is added, and
   * the function it returned when the last one is removed.
   */
  addSource(start: () => () => void): void {
    this.#sources.push(start);
  }

  /** Ends every listener. Later events are kept, and told to other replicas. */
  close(): void {
    this.#state = 'closed';
    for (const listener of [...this.#listeners]) {
      this.#remove(listener);
      listener.end();
    }
  }

  #add(event: FleetEvent, key: string, local: PublishedEvents['event']): void {
    const kept: Kept = { event, key, at: this.#now() };
    Object.defineProperty(event, KEY, { value: key });
    this.#replayable.add({ number: this.#count, event: kept });
    this.#recentKeys.push(key);
    if (this.#recentKeys.length > 2 * MAX_REPLAYABLE_EVENTS)
      this.#recentKeys = this.#recentKeys.slice(-MAX_REPLAYABLE_EVENTS);
    this.#publishedAt.delete(key);
    this.#publishedAt.set(key, kept.at);
    const [oldest] = this.#publishedAt.keys();
    if (oldest !== undefined && this.#publishedAt.size > MAX_REPLAYABLE_EVENTS)
      this.#publishedAt.delete(oldest);
    const published = { stream: this.#stream, first: this.#count, keys: [key], event: local };
    for (const follower of [...this.#followers]) follower(published);
    this.#tell(event);
  }

  #tell(event: FleetEvent): void {
    for (const listener of [...this.#listeners]) listener.event(event);
  }

  #remove(listener: FleetEventListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
      for (const stop of this.#stops.splice(0)) stop();
    }
  }

  #nextId(): string {
    this.#count += 1;
    return this.lastId;
  }
}
