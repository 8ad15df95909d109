import { type Finding, findFault, isConclusive } from './faults.ts';
import { NO_OPENS, type OpenCounts, opensSince, type Reading, sumOfOpens } from './reading.ts';

export type JudgeOptions = {
  readonly read: (agent: string) => Reading | undefined;
  /** Ids of agents of the pool that do not run the target of the rollout. */
  readonly othersOf: (pool: string) => readonly string[];
  readonly mustKeepConnectors: boolean;
  /** Readings that do not show it too after which a doubt about opens is dropped. */
  readonly maxUnconfirmed: number;
};

/** Bad readings in a row after which an agent has failed. */
const MAX_BAD_READINGS = 2;

/** Where a comparison of opens starts: of the agent, and of the others by id. */
type Start = { readonly own: OpenCounts; readonly others: ReadonlyMap<string, OpenCounts> };

type Record = {
  readonly first: Reading;
  readonly opensBefore: OpenCounts;
  last: Reading;
  /** Since the last conclusive comparison. */
  window: Start;
  /** Since the last reading. */
  interval: Start;
  /** What the last readings have found, and how many in a row. */
  found: Finding | undefined;
  bad: number;
  /** Readings since the first bad one of which the opens do not show the same. */
  unconfirmed: number;
  restarts: number;
};

/**
 * Compares agents that run the target with the others of their pool. It keeps its readings in memory: after a restart of
 * the gateway, the comparison starts again.
 */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #records = new Map<string, Record>();
  /** The last reading of agents that were to run the target, and did not yet. */
  readonly #before = new Map<string, Reading>();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** Takes a reading of an agent that does not run the target yet: what it lacked before is not the fault of the target. */
  note(agent: string): void {
    const reading = this.#options.read(agent);
    if (reading?.isConnected === true) this.#before.set(agent, reading);
  }

  hasNoted(agent: string): boolean {
    return this.#before.has(agent);
  }

  /** Begins to compare an agent; without effect if it is compared already. */
  follow(agent: string, pool: string): void {
    const reading = this.#options.read(agent);
    if (reading === undefined || this.#records.has(agent)) return;
    const { failing, connectors, hasUpdater, opens: opensBefore } = this.#before.get(agent) ?? reading;
    const start = this.#startAt(reading, pool);
    this.#records.set(agent, {
      first: { ...reading, failing, connectors, hasUpdater },
      opensBefore,
      last: reading,
      window: start,
      interval: start,
      found: undefined,
      bad: 0,
      unconfirmed: 0,
      restarts: 0,
    });
  }

  /** Compares opens from now on only. */
  restartOpens(agent: string, pool: string): void {
    const record = this.#records.get(agent);
    const reading = this.#options.read(agent);
    if (record === undefined || reading === undefined) return;
    record.interval = this.#startAt(reading, pool);
    record.window = record.interval;
  }

  follows(agent: string): boolean {
    return this.#records.has(agent);
  }

  /** Forgets agents that are not in `agents`. */
  keepOnly(agents: ReadonlySet<string>): void {
    for (const kept of [this.#records, this.#before])
      for (const id of kept.keys()) if (!agents.has(id)) kept.delete(id);
  }

  /** Takes a reading of an agent. Returns its fault after two bad readings in a row. To be called once a minute. */
  judge(agent: string, pool: string): Finding | undefined {
    const record = this.#records.get(agent);
    const now = this.#options.read(agent);
    if (record === undefined || now === undefined) return undefined;
    if (now.boot !== undefined && record.last.boot !== undefined && now.boot !== record.last.boot) {
      record.restarts += 1;
    }
    const others = this.#othersOf(agent, pool);
    const recent = opensSince(now.opens, record.interval.own);
    // A second bad reading is about opens of its own, if there are enough of them.
    const start = record.bad > 0 && isConclusive({ opens: recent }) ? record.interval : record.window;
    const opens = opensSince(now.opens, start.own);
    const found = findFault({
      first: record.first,
      last: record.last,
      now,
      restarts: record.restarts,
      opens,
      opensBefore: record.opensBefore,
      others: [...others.values()],
      otherOpens: sumOfOpens(
        [...others].map(([id, reading]) => opensSince(reading.opens, start.others.get(id) ?? NO_OPENS)),
      ),
      mustKeepConnectors: this.#options.mustKeepConnectors,
    });
    record.last = now;
    record.interval = this.#startAt(now, pool);
    if (found === undefined) {
      record.bad = 0;
      if (isConclusive({ opens })) record.window = record.interval;
    } else if (record.bad === 0) {
      Object.assign(record, { bad: 1, unconfirmed: 0 });
    } else if (found.isShownBy?.(recent) ?? true) {
      record.bad += 1;
    } else {
      record.unconfirmed += 1;
    }
    record.found = found;
    if (record.bad === 1 && record.unconfirmed >= this.#options.maxUnconfirmed) {
      Object.assign(record, { found: undefined, bad: 0, window: record.interval });
    }
    return record.bad >= MAX_BAD_READINGS ? found : undefined;
  }

  /** What the last reading of an agent has found, although that is not enough to fail it; undefined if it was good. */
  doubtOf(agent: string): string | undefined {
    return this.#records.get(agent)?.found?.detail;
  }

  #othersOf(agent: string, pool: string): ReadonlyMap<string, Reading> {
    const others = this.#options.othersOf(pool).filter((id) => id !== agent);
    return new Map(
      others.flatMap((id) => {
        const reading = this.#options.read(id);
        return reading === undefined ? [] : [[id, reading] as const];
      }),
    );
  }

  #startAt({ opens }: Reading, pool: string): Start {
    const others = this.#options
      .othersOf(pool)
      .map((id): [string, OpenCounts] => [id, this.#options.read(id)?.opens ?? NO_OPENS]);
    return { own: opens, others: new Map(others) };
  }
}
