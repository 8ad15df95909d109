import { randomBytes } from 'node:crypto';
import type { AgentState } from '@penstock/api-schema';

/** What a listener is told of. Closed: docs/api.md has a row for each. Times are RFC 3339. */
export const fleetEvents = {
  agent: 'An agent came, went, or changed its state.',
  alert: 'An alert began to fire, or was resolved.',
  approval: 'An approval was asked for or decided, or its action has ended.',
  audit: 'Something was changed: the head of the entry in the audit trail.',
  connections: 'Figures of connections have changed; at most once a second, and not sent again.',
} as const;

export type FleetEventData = {
  readonly agent: {
    readonly name: string;
    readonly pool: string;
    readonly state: AgentState;
    readonly code?: string | undefined;
    readonly sentence?: string | undefined;
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
  readonly audit: {
    readonly id: string;
    readonly at: string;
    readonly actor: string;
    readonly action: string;
    readonly subject: string;
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
    /** Names the event for a listener that comes back; undefined where missing it does no harm. */
    readonly id: string | undefined;
    readonly data: FleetEventData[Type];
  };
}[FleetEventType];

export type FleetListener = {
  /** Must neither throw nor wait. */
  readonly event: (event: FleetEvent) => void;
  /** No more events will come. */
  readonly end: () => void;
};

/** Events that can be sent again. */
const KEPT = 1024;

/** Facts that a newer one replaces: whoever missed one needs it no more. */
const transient: ReadonlySet<FleetEventType> = new Set(['connections']);

/**
 * Tells listeners what happens in the fleet. The last events are kept, so that a listener whose connection broke can
 * go on where it was. Nothing here waits for a listener.
 */
export class FleetEvents {
  /** Another one after each start: the events before it are gone. */
  readonly #epoch = randomBytes(6).toString('hex');
  readonly #kept: FleetEvent[] = [];
  /** How many events with an id there were. */
  #count = 0;
  readonly #listeners = new Set<FleetListener>();
  readonly #sources: (() => () => void)[] = [];
  readonly #stops: (() => void)[] = [];
  #life: 'open' | 'closed' = 'open';

  publish<Type extends FleetEventType>(type: Type, data: FleetEventData[Type]): void {
    if (this.#life === 'closed') return;
    const event = { type, id: this.#nextId(type), data } as FleetEvent;
    if (event.id !== undefined) {
      this.#kept.push(event);
      if (this.#kept.length > KEPT) this.#kept.shift();
    }
    for (const listener of [...this.#listeners]) listener.event(event);
  }

  /** What was published after the event `id`. Undefined when that one is no longer known: look at everything anew. */
  since(id: string): readonly FleetEvent[] | undefined {
    const [, epoch, number] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(id) ?? [];
    const missed = this.#count - Number(number);
    if (epoch !== this.#epoch || missed < 0 || missed > this.#kept.length) return undefined;
    return missed === 0 ? [] : this.#kept.slice(-missed);
  }

  /** Id of the last event, for a listener that begins now. */
  get lastId(): string {
    return `${this.#epoch}-${this.#count}`;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Returns what ends it. A listener that comes after `close` is ended at once. */
  listen(listener: FleetListener): () => void {
    if (this.#life === 'closed') {
      listener.end();
      return () => undefined;
    }
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) for (const start of this.#sources) this.#stops.push(start());
    return () => this.#drop(listener);
  }

  /** `start` is called when somebody begins to listen, and what it returned when nobody does any more. */
  whileListened(start: () => () => void): void {
    this.#sources.push(start);
  }

  /** Ends every listener, for good. */
  close(): void {
    this.#life = 'closed';
    for (const listener of [...this.#listeners]) {
      this.#drop(listener);
      listener.end();
    }
  }

  #drop(listener: FleetListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
      for (const stop of this.#stops.splice(0)) stop();
    }
  }

  #nextId(type: FleetEventType): string | undefined {
    if (transient.has(type)) return undefined;
    this.#count += 1;
    return this.lastId;
  }
}
