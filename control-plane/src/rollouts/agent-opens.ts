import { durationBucket, type OpenCounts } from '@penstock/rollouts';
import type { CloseCode } from '@penstock/wire';

/** Failures for which neither the agent nor its software is responsible. */
const NOT_THE_AGENT: ReadonlySet<CloseCode> = new Set([
  'CLIENT_GONE',
  'CLIENT_RESET',
  'CLIENT_DENIED',
  'GRANT_INVALID',
  'LIMIT_EXCEEDED',
  'DRAIN_TIMEOUT',
  'AGENT_DRAINING',
  'CONFIG_DRIFT',
]);

/** Agents whose opens are counted; beyond it, the one whose first open is the oldest is forgotten. */
const MAX_AGENTS = 100_000;

type Counts = { opened: number; failed: number; readonly durations: number[] };

const NONE: OpenCounts = { opened: 0, failed: 0, durations: [] };

/** Called with the outcome of one open; see `durationBucket`. */
export type AgentOpensListener = (agent: string, outcome: { readonly bucket: number } | 'failed') => void;

/**
 * Counts the opens that were sent to each agent since the gateway started, and while a rollout is open, those that other replicas
 * have sent meanwhile. In memory.
 */
export class AgentOpens {
  readonly #counts = new Map<string, Counts>();
  readonly #listeners = new Set<AgentOpensListener>();
  #onDemand: (isWanted: boolean) => void = () => {};
  #isWanted = false;

  /** Sets whether the opens of other replicas count from now on. */
  setWanted(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    this.#onDemand(isWanted);
  }

  /** Calls `listener` now, and whenever the opens of other replicas begin or cease to be wanted. */
  onDemand(listener: (isWanted: boolean) => void): void {
    this.#onDemand = listener;
    listener(this.#isWanted);
  }

  /** Calls `listener` for the opens of this gateway that count, on the data path, until the returned function is called. */
  observe(listener: AgentOpensListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds what another replica has sent. */
  include(agent: string, { opened, failed, durations }: OpenCounts): void {
    const counts = this.#countsOf(agent);
    counts.opened += opened;
    counts.failed += failed;
    for (const [bucket, count] of durations.entries())
      counts.durations[bucket] = (counts.durations[bucket] ?? 0) + count;
  }

  /** Called for every open that has ended, on the data path. `failure` is undefined if it succeeded. */
  add(agent: string, milliseconds: number, failure: CloseCode | undefined): void {
    if (failure !== undefined && NOT_THE_AGENT.has(failure)) return;
    const counts = this.#countsOf(agent);
    if (failure !== undefined) {
      counts.failed += 1;
      for (const listener of this.#listeners) listener(agent, 'failed');
      return;
    }
    counts.opened += 1;
    const bucket = durationBucket(milliseconds);
    counts.durations[bucket] = (counts.durations[bucket] ?? 0) + 1;
    for (const listener of this.#listeners) listener(agent, { bucket });
  }

  of(agent: string): OpenCounts {
    const counts = this.#counts.get(agent);
    return counts === undefined ? NONE : { ...counts, durations: [...counts.durations] };
  }

  #countsOf(agent: string): Counts {
    const known = this.#counts.get(agent);
    if (known !== undefined) return known;
    const [oldest] = this.#counts.keys();
    if (this.#counts.size >= MAX_AGENTS && oldest !== undefined) this.#counts.delete(oldest);
    const counts: Counts = { opened: 0, failed: 0, durations: [] };
    this.#counts.set(agent, counts);
    return counts;
  }
}
