import { randomBytes } from 'node:crypto';
import type { AgentState } from '@penstock/api-schema';
import { ReplayBuffer } from './replay-buffer.ts';

/** The types of fleet events, with when each is sent. A closed list: docs/api.md has a row for each. Times are RFC 3339. */
export const fleetEvents = {
  agent: 'An agent was added or removed, or its state or the detail of it changed.',
  alert: 'An alert started firing or was resolved.',
  approval: 'An approval was requested or decided, or its action finished.',
  audit: 'An entry was added to the audit trail. The data is a summary of it.',
  pinning: 'A reload changed the pinning mode of a pool.',
  rollout: 'A rollout was created, entered another stage, or an agent of it changed its state.',
  enrollment: 'An enrollment was refused. Repeated every 10 seconds while the agent retries.',
  connections: 'Connection counts changed. Sent at most once a second and never replayed.',
} as const;

export type FleetEventData = {
  readonly agent: {
    readonly name: string;
    readonly pool: string;
    readonly state: AgentState;
    readonly code?: string | undefined;
    /** When the condition began. */
    readonly since?: string | undefined;
    readonly message?: string | undefined;
    readonly detail?: string | undefined;
  };
  readonly alert: {
    readonly id: string;
    readonly condition: string;
    readonly subject: string;
    readonly state: 'firing' | 'resolved';
    readonly detail: string;
  };
  readonly approval: {
    readonly id: string;
    readonly action: string;
    readonly subject: string;
    readonly state: string;
  };
  readonly rollout: {
    readonly id: string;
    readonly kind: string;
    readonly version: string;
    /** Separated by commas. */
    readonly pools: string;
    readonly state: string;
    readonly reason?: string;
  };
  readonly audit: {
    readonly id: string;
    readonly at: string;
    readonly actor: string;
    readonly action: string;
    readonly subject: string;
  };
  readonly pinning: {
    readonly pool: string;
    readonly from: string;
    readonly to: string;
    readonly agents: number;
    /** Agents that accepted opens and are quarantined by the change. */
    readonly quarantined: number;
    readonly released: number;
  };
  readonly enrollment: {
    readonly tokenId?: string | undefined;
    readonly name?: string | undefined;
    readonly pool?: string | undefined;
    readonly address: string;
    readonly code: string;
    readonly message: string;
  };
  readonly connections: {
    readonly items: readonly {
      readonly name: string;
      readonly open: number;
      readonly waiting: number;
      readonly openedTotal: number;
      readonly failedTotal: number;
    }[];
  };
};

export type FleetEventType = keyof FleetEventData;

export type FleetEvent = {
  [Type in FleetEventType]: {
    readonly type: Type;
    /** Position from which a listener can resume; undefined for transient events, which are never replayed. */
    readonly id: string | undefined;
    readonly data: FleetEventData[Type];
  };
}[FleetEventType];

export type FleetEventListener = {
  /** Must neither throw nor block. */
  readonly event: (event: FleetEvent) => void;
  /** Called once, after the last event. */
  readonly end: () => void;
};

/** Events kept in memory for listeners that resume. */
const MAX_REPLAYABLE_EVENTS = 1024;

/** Events that the next one of their type supersedes, so that a missed one is not needed. */
const transientTypes: ReadonlySet<FleetEventType> = new Set(['connections']);

/**
 * Publishes the events of the fleet to listeners. The most recent events are kept in memory, so that a listener whose
 * connection broke can resume. Publishing never waits for a listener.
 */
export class FleetEvents {
  /** Random for each process: ids from before a restart, whose events are lost, are not recognized. */
  readonly #epoch = randomBytes(6).toString('hex');
  readonly #replayable = new ReplayBuffer<FleetEvent>(MAX_REPLAYABLE_EVENTS, (event) =>
    event.type === 'agent' ? event.data.name : undefined,
  );
  /** Number of events published with an id. */
  #count = 0;
  readonly #listeners = new Set<FleetEventListener>();
  readonly #sources: (() => () => void)[] = [];
  readonly #stops: (() => void)[] = [];
  #state: 'open' | 'closed' = 'open';

  /** `isTransient`: the event is not kept for listeners that resume, and has no id. */
  publish<Type extends FleetEventType>(
    type: Type,
    data: FleetEventData[Type],
    { isTransient = transientTypes.has(type) } = {},
  ): void {
    if (this.#state === 'closed') return;
    const event = { type, id: isTransient ? undefined : this.#nextId(), data } as FleetEvent;
    if (event.id !== undefined) this.#replayable.add({ number: this.#count, event });
    for (const listener of [...this.#listeners]) listener.event(event);
  }

  /**
   * The replayable events published after the event `id`, of each agent only the last one. Undefined if they are no longer all known: the listener must
   * then fetch the current state.
   */
  eventsAfter(id: string): readonly FleetEvent[] | undefined {
    const [, epoch, number] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(id) ?? [];
    if (epoch !== this.#epoch || Number(number) > this.#count) return undefined;
    return this.#replayable.after(Number(number));
  }

  /** Id of the most recent replayable event, from which a new listener can resume. */
  get lastId(): string {
    return `${this.#epoch}-${this.#count}`;
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

  /** Ends every listener. Later events are discarded. */
  close(): void {
    this.#state = 'closed';
    for (const listener of [...this.#listeners]) {
      this.#remove(listener);
      listener.end();
    }
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
