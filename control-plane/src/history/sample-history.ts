import type { Sample } from '../fleet/agent-view.ts';
import type { PoolView } from '../fleet/pool-view.ts';
import { type Measure, type Points, SampleRing } from './sample-ring.ts';

export type HistoryRange = 'hour' | 'day';

const MINUTE = 60_000;
/** The interval of the points, and how many there are. */
export const historyRanges = {
  hour: { intervalMs: 10_000, capacity: 360 },
  day: { intervalMs: MINUTE, capacity: 1_440 },
} as const satisfies Record<HistoryRange, object>;

/** Skew is in seconds: the values have only three digits, and clocks can be days apart. */
const agentMeasures = [
  { name: 'cpuLoad', keeps: 'max' },
  { name: 'memoryUsed', keeps: 'max' },
  { name: 'eventLoopP99Ms', keeps: 'max' },
  { name: 'streams', keeps: 'max' },
  { name: 'skewSeconds', keeps: 'farthest' },
  { name: 'roundTripMs', keeps: 'max' },
] as const satisfies readonly Measure[];

const poolMeasures = [
  { name: 'ready', keeps: 'min' },
  { name: 'sessions', keeps: 'min' },
  { name: 'streams', keeps: 'max' },
  { name: 'waiting', keeps: 'max' },
] as const satisfies readonly Measure[];

/** The history of one agent or pool: the same values with two intervals. */
class Recording {
  readonly #rings: Readonly<Record<HistoryRange, SampleRing>>;
  #lastAt = 0;

  constructor(measures: readonly Measure[]) {
    const ringOf = (range: HistoryRange) => new SampleRing({ measures, ...historyRanges[range] });
    this.#rings = { hour: ringOf('hour'), day: ringOf('day') };
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  add(at: number, values: readonly (number | undefined)[]): void {
    this.#lastAt = at;
    this.#rings.hour.add(at, values);
    this.#rings.day.add(at, values);
  }

  points(range: HistoryRange, now: number): Points {
    return this.#rings[range].points(now);
  }
}

/** Agents of which the history is kept: about 22 KB each, after a day. */
const MAX_RECORDED_AGENTS = 4_000;
const DAY = 24 * 60 * MINUTE;

/** What agents and pools have measured in the last hour and the last day. In memory: it begins when the gateway starts. */
export class SampleHistory {
  readonly #agents = new Map<string, Recording>();
  readonly #pools = new Map<string, Recording>();
  readonly #maxAgents: number;
  #searchedAt = 0;

  constructor(maxAgents = MAX_RECORDED_AGENTS) {
    this.#maxAgents = maxAgents;
  }

  addAgent(id: string, { at, cpuLoad, memoryUsed, eventLoopP99, streams, skew, roundTrip }: Sample): void {
    const recording = this.#agents.get(id) ?? this.#recordAgent(id, at);
    const skewSeconds = skew === undefined ? undefined : skew / 1_000;
    recording?.add(at, [cpuLoad, memoryUsed, eventLoopP99, streams, skewSeconds, roundTrip]);
  }

  addPools(
    pools: readonly Pick<PoolView, 'name' | 'ready' | 'sessions' | 'streams' | 'queue'>[],
    at: number,
  ): void {
    const names = new Set(pools.map(({ name }) => name));
    for (const name of this.#pools.keys()) if (!names.has(name)) this.#pools.delete(name);
    for (const { name, ready, sessions, streams, queue } of pools) {
      const recording = this.#pools.get(name) ?? new Recording(poolMeasures);
      this.#pools.set(name, recording);
      recording.add(at, [ready, sessions, streams.open, queue.waiting]);
    }
  }

  /** Undefined for an agent without samples, and for one too many. */
  ofAgent(id: string, range: HistoryRange, now: number): Points | undefined {
    return this.#agents.get(id)?.points(range, now);
  }

  ofPool(name: string, range: HistoryRange, now: number): Points | undefined {
    return this.#pools.get(name)?.points(range, now);
  }

  /** Agents come first that were there first; those that have been silent for a day make room. */
  #recordAgent(id: string, at: number): Recording | undefined {
    if (this.#agents.size >= this.#maxAgents && at - this.#searchedAt > MINUTE) {
      this.#searchedAt = at;
      for (const [known, { lastAt }] of this.#agents) if (at - lastAt > DAY) this.#agents.delete(known);
    }
    if (this.#agents.size >= this.#maxAgents) return undefined;
    const recording = new Recording(agentMeasures);
    this.#agents.set(id, recording);
    return recording;
  }
}
