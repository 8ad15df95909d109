/**
 * The most recent events, for listeners that resume. Of several events about the state of one agent only the last is kept: a
 * listener needs no more, and an agent that flaps does not push out what others did.
 */
export class ReplayBuffer<Event> {
  readonly #max: number;
  readonly #agentOf: (event: Event) => string | undefined;
  /** In the order of their numbers. */
  readonly #events = new Map<number, Event>();
  /** Numbers of the kept events about agents, by name. */
  readonly #byAgent = new Map<string, number>();
  /** Everything after this number is known, apart from what a later event supersedes. */
  #completeAfter = 0;

  /** `agentOf` returns the name of the agent whose state an event is about. */
  constructor(max: number, agentOf: (event: Event) => string | undefined) {
    this.#max = max;
    this.#agentOf = agentOf;
  }

  add({ number, event }: { readonly number: number; readonly event: Event }): void {
    const name = this.#agentOf(event);
    if (name !== undefined) {
      const superseded = this.#byAgent.get(name);
      if (superseded !== undefined) this.#events.delete(superseded);
      this.#byAgent.set(name, number);
    }
    this.#events.set(number, event);
    if (this.#events.size > this.#max) this.#dropOldest();
  }

  /** The kept events with greater numbers, oldest first. Undefined if some of them were dropped. */
  after(number: number): readonly Event[] | undefined {
    if (number < this.#completeAfter) return undefined;
    const found: Event[] = [];
    for (const [each, event] of this.#events) if (each > number) found.push(event);
    return found;
  }

  #dropOldest(): void {
    const [oldest] = this.#events;
    if (oldest === undefined) return;
    const [number, event] = oldest;
    this.#events.delete(number);
    this.#completeAfter = number;
    const name = this.#agentOf(event);
    if (name !== undefined && this.#byAgent.get(name) === number) this.#byAgent.delete(name);
  }
}
