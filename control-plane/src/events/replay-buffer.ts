/**
 * The most recent events, for listeners that resume. Of several events of a group, such as the states of one agent, only the last is kept: a
 * listener needs no more, and an agent that flaps does not push out what others did.
 */
export class ReplayBuffer<Event> {
  readonly #max: number;
  readonly #groupOf: (event: Event) => string | undefined;
  /** In the order of their numbers. */
  readonly #events = new Map<number, Event>();
  /** Numbers of the kept events, by group. */
  readonly #byGroup = new Map<string, number>();
  /** Everything after this number is known, apart from what a later event supersedes. */
  #completeAfter = 0;
  #dropped: Event | undefined;

  /** `groupOf` returns what an event is about; undefined if no later one supersedes it. */
  constructor(max: number, groupOf: (event: Event) => string | undefined) {
    this.#max = max;
    this.#groupOf = groupOf;
  }

  add({ number, event }: { readonly number: number; readonly event: Event }): void {
    const name = this.#groupOf(event);
    if (name !== undefined) {
      const superseded = this.#byGroup.get(name);
      if (superseded !== undefined) this.#events.delete(superseded);
      this.#byGroup.set(name, number);
    }
    this.#events.set(number, event);
    if (this.#events.size > this.#max) this.#dropOldest();
  }

  /** All that are kept, oldest first, and the one that was dropped last because there were too many. */
  get kept(): readonly Event[] {
    return [...this.#events.values()];
  }

  get dropped(): Event | undefined {
    return this.#dropped;
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
    this.#dropped = event;
    const name = this.#groupOf(event);
    if (name !== undefined && this.#byGroup.get(name) === number) this.#byGroup.delete(name);
  }
}
