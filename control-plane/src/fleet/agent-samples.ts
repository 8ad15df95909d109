import type { Sample } from './agent-view.ts';

/** Points of a sparkline. */
const MAX_SAMPLES = 60;

/** The last samples of one agent, from its heartbeats; in memory only. */
export class AgentSamples {
  readonly #spacing: number;
  readonly #samples: Sample[] = [];

  /** Every session carries heartbeats; of those within `spacing` milliseconds only the first is kept. */
  constructor(spacing: number) {
    this.#spacing = spacing;
  }

  add(sample: Sample): void {
    const last = this.#samples.at(-1);
    // Absolute, because a clock that was set back must not stop the line.
    if (last !== undefined && Math.abs(sample.at - last.at) < this.#spacing) return;
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /** Oldest first. */
  get all(): readonly Sample[] {
    return [...this.#samples];
  }
}
