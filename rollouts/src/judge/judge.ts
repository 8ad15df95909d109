import { type Fault, findFault, isConclusive } from './faults.ts';
import { NO_OPENS, opensSince, type Reading, sumOfOpens } from './reading.ts';

export type JudgeOptions = {
  readonly read: (agent: string) => Reading | undefined;
  /** Ids of agents of the pool that do not run the target of the rollout. */
  readonly othersOf: (pool: string) => readonly string[];
  readonly mustKeepConnectors: boolean;
};

export type Judgment = { readonly fault: Fault; readonly detail: string };

/** Bad readings in a row after which an agent has failed. */
const MAX_BAD_READINGS = 2;

type Record = {
  readonly first: Reading;
  last: Reading;
  /** Where the current comparison of opens starts: of the agent, and of the others by id. */
  opensFrom: Reading['opens'];
  othersFrom: Map<string, Reading['opens']>;
  bad: number;
  restarts: number;
};

/**
 * Compares agents that run the target with the others of their pool. It keeps its readings in memory: after a restart of
 * the gateway, the comparison starts again.
 */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #records = new Map<string, Record>();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** Begins to compare an agent; without effect if it is compared already. */
  follow(agent: string, pool: string): void {
    const reading = this.#options.read(agent);
    if (reading === undefined || this.#records.has(agent)) return;
    const record = {
      first: reading,
      last: reading,
      opensFrom: reading.opens,
      othersFrom: new Map(),
      bad: 0,
      restarts: 0,
    };
    this.#records.set(agent, record);
    this.#startOver(record, reading, pool);
  }

  follows(agent: string): boolean {
    return this.#records.has(agent);
  }

  /** Forgets agents that are not in `agents`. */
  keepOnly(agents: ReadonlySet<string>): void {
    for (const id of this.#records.keys()) if (!agents.has(id)) this.#records.delete(id);
  }

  /** Takes a reading of an agent. Returns its fault after two bad readings in a row. To be called once a minute. */
  judge(agent: string, pool: string): Judgment | undefined {
    const record = this.#records.get(agent);
    const now = this.#options.read(agent);
    if (record === undefined || now === undefined) return undefined;
    const others = this.#options.othersOf(pool).filter((id) => id !== agent);
    const readings = others.map((id) => ({ id, reading: this.#options.read(id) }));
    const known = readings.flatMap(({ id, reading }) => (reading === undefined ? [] : [{ id, reading }]));
    if (now.boot !== undefined && record.last.boot !== undefined && now.boot !== record.last.boot) {
      record.restarts += 1;
    }
    const opens = opensSince(now.opens, record.opensFrom);
    const found = findFault({
      first: record.first,
      last: record.last,
      now,
      restarts: record.restarts,
      opens,
      others: known.map(({ reading }) => reading),
      otherOpens: sumOfOpens(
        known.map(({ id, reading }) => opensSince(reading.opens, record.othersFrom.get(id) ?? NO_OPENS)),
      ),
      mustKeepConnectors: this.#options.mustKeepConnectors,
    });
    record.bad = found === undefined ? 0 : record.bad + 1;
    record.last = now;
    if (found === undefined && isConclusive({ opens })) this.#startOver(record, now, pool);
    return found !== undefined && record.bad >= MAX_BAD_READINGS ? found : undefined;
  }

  /** Whether the last reading of an agent was without a fault. */
  isGood(agent: string): boolean {
    return this.#records.get(agent)?.bad === 0;
  }

  #startOver(record: Record, now: Reading, pool: string): void {
    record.opensFrom = now.opens;
    record.othersFrom = new Map(
      this.#options.othersOf(pool).map((id) => [id, this.#options.read(id)?.opens ?? NO_OPENS]),
    );
  }
}
