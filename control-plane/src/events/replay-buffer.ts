import type { FleetEvent } from './events.ts';

type Numbered = { readonly number: number; readonly event: FleetEvent };

/**
 * The most recent events, for listeners that resume. Of several events about the state of one agent only the last is kept: a
 * listener needs no more, and an agent that flaps does not push out what others did.
 */
export class ReplayBuffer {
  readonly #max: number;
  /** In the order of their numbers. */
  readonly #events = new Map<number, FleetEvent>();
  /** Numbers of the kept events about agents, by name. */
  readonly #byAgent = new Map<string, number>();
  /** Everything after this number is known, apart from what a later event supersedes. */
  #completeAfter = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add({ number, event }: Numbered): void {
    if (event.type === 'agent') {
      const { name } = event.data;
      const superseded = this.#byAgent.get(name);
      if (superseded !== undefined) this.#events.delete(superseded);
      this.#byAgent.set(name, number);
    }
    this.#events.set(number, event);
    if (this.#events.size > this.#max) this.#dropOldest();
  }

  /** The kept events with greater numbers, oldest first. Undefined if some of them were dropped. */
  after(number: number): readonly FleetEvent[] | undefined {
    if (number < this.#completeAfter) return undefined;
    const found: FleetEvent[] = [];
    for (const [each, event] of this.#events) if (each > number) found.push(event);
    return found;
  }

  #dropOldest(): void {
    const [oldest] = this.#events;
    if (oldest === undefined) return;
    const [number, event] = oldest;
    this.#events.delete(number);
    this.#completeAfter = number;
    if (event.type === 'agent' && this.#byAgent.get(event.data.name) === number) {
      this.#byAgent.delete(event.data.name);
    }
  }
}
