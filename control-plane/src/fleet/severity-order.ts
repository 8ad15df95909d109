import { type AgentState, agentStates } from '@penstock/api-schema';

/**
 * Names of agents by the severity of their state, the most severe first, and by name within a state. Kept up to date agent by
 * agent: no listing sorts the fleet.
 */
export class SeverityOrder {
  readonly #names = new Map<AgentState, string[]>(agentStates.map((state) => [state, []]));
  readonly #states = new Map<string, AgentState>();

  /** The agent of this name is in this state now; undefined when no agent has the name any more. */
  set(name: string, state: AgentState | undefined): void {
    const before = this.#states.get(name);
    if (before === state) return;
    if (before !== undefined) {
      const names = this.#namesOf(before);
      names.splice(placeAfter(names, name) - 1, 1);
    }
    if (state === undefined) {
      this.#states.delete(name);
      return;
    }
    const names = this.#namesOf(state);
    names.splice(placeAfter(names, name), 0, name);
    this.#states.set(name, state);
  }

  /** How many agents are in each state. */
  get counts(): Readonly<Record<AgentState, number>> {
    const counts = agentStates.map((state) => [state, this.#namesOf(state).length] as const);
    return Object.fromEntries(counts) as Record<AgentState, number>;
  }

  /**
   * Names after a place, all without one. Agents may change their state while the caller iterates: one that does can be missed
   * or be visited twice, all others are visited once.
   */
  *after(place?: { readonly state: AgentState; readonly name: string }): Generator<string, void> {
    const first = place === undefined ? 0 : agentStates.indexOf(place.state);
    for (const state of agentStates.slice(first)) {
      let last = state === place?.state ? place.name : '';
      const names = this.#namesOf(state);
      let index = placeAfter(names, last);
      for (let name = names[index]; name !== undefined; name = names[index]) {
        yield name;
        last = name;
        index = names[index] === last ? index + 1 : placeAfter(names, last);
      }
    }
  }

  #namesOf(state: AgentState): string[] {
    return this.#names.get(state) ?? [];
  }
}

/** Index of the first name after `name`. */
function placeAfter(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = names[middle];
    if (other !== undefined && other <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}
