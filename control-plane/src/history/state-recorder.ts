import { type Clock, inSlices } from '@penstock/runtime';
import { ascendingIds, type StateChangeRow, type Store } from '@penstock/store';
import type { AgentView } from '../fleet/agent-view.ts';
import type { AgentChange } from '../fleet/fleet.ts';
import { type Leadership, LeadershipLostError } from '../leadership/leadership.ts';

export type StateRecorderOptions = {
  readonly store: Pick<Store, 'stateChanges' | 'transaction'>;
  readonly leadership: Pick<Leadership, 'isLeader' | 'requireLead' | 'onChange'>;
  readonly clock: Clock;
  /** Every agent, for changes that no gateway has seen. */
  readonly agents: () => Iterable<AgentView>;
  /** Called when the store fails, once until it succeeds again. */
  readonly onFailed: (error: unknown) => void;
};

type State = Pick<AgentView, 'state' | 'code'>;

/** Changes that wait for the store. With more, the oldest are dropped. */
const MAX_PENDING = 10_000;
const MAX_BATCH_ROWS = 500;
const FLUSH_DELAY_MS = 1_000;
const RETRY_DELAY_MS = 5_000;
const FOLLOWER_INTERVAL_MS = 15_000;
/** Agents of a gateway that has just started are given this long to connect: until then, nothing has changed for them. */
const SETTLING_MS = 60_000;
const PRUNE_INTERVAL_MS = 3_600_000;
const RETENTION_MS = 30 * 24 * 3_600_000;
const MAX_ROWS = 500_000;
const MAX_PRUNED_ROWS = 10_000;

/**
 * Writes the changes of the states of agents to the store, for 30 days. The leader does; one that takes over compares the fleet with
 * what was written last, so that a change is written once, however many gateways have seen it or restarted meanwhile.
 */
export class StateRecorder {
  readonly #options: StateRecorderOptions;
  readonly #newId = ascendingIds();
  readonly #startedAt: number;
  readonly #unlisten: () => void;
  /** What was written last, by agent. Undefined while this gateway does not lead, or has not read it yet. */
  #written: Map<string, State> | undefined;
  /** Whether every agent was compared with what was written. */
  #isCompared = false;
  #pending: StateChangeRow[] = [];
  #hasFailed = false;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  #timer: { readonly dueAt: number; readonly cancel: () => void } | undefined;
  /** Whether it is working now, and when it is to work again. */
  #work: { readonly name: 'idle' } | { readonly name: 'busy'; againAt: number } = { name: 'idle' };

  constructor(options: StateRecorderOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#unlisten = options.leadership.onChange((isLeader) => {
      if (!isLeader) this.#forget();
      this.#schedule(0);
    });
    this.#schedule(0);
  }

  /** A condition of an agent has begun or ended. */
  add({ agent, before }: AgentChange): void {
    // The state in which a gateway finds an agent when it starts is not a change.
    if (before !== undefined) this.#compare(agent);
  }

  /** Writes what is pending, if the store answers. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unlisten();
    this.#timer?.cancel();
    await this.#running;
    if (this.#pending.length > 0) await this.#flush().catch(() => {});
  }

  #compare({ id, name, pool, state, code, detail }: AgentView): void {
    const before = this.#written?.get(id);
    if (this.#written === undefined || (before?.state === state && before.code === code)) return;
    this.#written.set(id, { state, code });
    const row = { id: this.#newId(), at: this.#options.clock.wall(), agentId: id, agent: name, pool };
    this.#pending.push({
      ...row,
      ...{ state, code, detail: detail ?? null },
      beforeState: before?.state ?? null,
      beforeCode: before?.code ?? null,
    });
    if (this.#pending.length > MAX_PENDING) this.#pending.shift();
    this.#schedule(FLUSH_DELAY_MS);
  }

  /** Works in `milliseconds`, unless it does so before. */
  #schedule(milliseconds: number): void {
    const { clock } = this.#options;
    const dueAt = clock.now() + milliseconds;
    if (this.#work.name === 'busy') {
      this.#work.againAt = Math.min(this.#work.againAt, dueAt);
      return;
    }
    if (this.#isStopped || (this.#timer !== undefined && this.#timer.dueAt <= dueAt)) return;
    this.#timer?.cancel();
    const cancel = clock.after(milliseconds, () => {
      this.#running = this.#doWork();
    });
    this.#timer = { dueAt, cancel };
  }

  /** Never rejects. */
  async #doWork(): Promise<void> {
    const { clock, onFailed } = this.#options;
    const work = { name: 'busy' as const, againAt: Number.POSITIVE_INFINITY };
    this.#timer = undefined;
    this.#work = work;
    let pause: number;
    try {
      pause = await this.#writeChanges();
      this.#hasFailed = false;
    } catch (error) {
      if (error instanceof LeadershipLostError) this.#forget();
      else if (!this.#hasFailed) onFailed(error);
      this.#hasFailed = !(error instanceof LeadershipLostError);
      pause = RETRY_DELAY_MS;
      work.againAt = Number.POSITIVE_INFINITY;
    }
    this.#work = { name: 'idle' };
    this.#schedule(Math.max(0, Math.min(pause, work.againAt - clock.now())));
  }

  /** Resolves with the milliseconds until there is more to do. */
  async #writeChanges(): Promise<number> {
    const { leadership, clock, agents } = this.#options;
    if (!leadership.isLeader) {
      this.#forget();
      // A lease that has lapsed may be renewed, which is no change of the leader.
      return FOLLOWER_INTERVAL_MS;
    }
    if (this.#written === undefined) await this.#readWritten();
    const settling = this.#startedAt + SETTLING_MS - clock.now();
    if (settling <= 0 && !this.#isCompared) {
      const gone = new Set(this.#written?.keys());
      await inSlices(
        agents(),
        (agent) => {
          gone.delete(agent.id);
          this.#compare(agent);
        },
        clock,
      );
      for (const id of gone) this.#written?.delete(id);
      this.#isCompared = true;
    }
    while (this.#pending.length > 0 && !this.#isStopped) await this.#flush();
    if (settling > 0) return settling;
    await this.#prune();
    return PRUNE_INTERVAL_MS;
  }

  async #readWritten(): Promise<void> {
    this.#isCompared = false;
    const rows = await this.#options.store.stateChanges.latest();
    this.#written = new Map(rows.map(({ agentId, state, code }) => [agentId, { state, code } as State]));
  }

  async #flush(): Promise<void> {
    const { store, leadership } = this.#options;
    const rows = this.#pending.slice(0, MAX_BATCH_ROWS);
    await store.transaction(async (inside) => {
      await leadership.requireLead(inside);
      await inside.stateChanges.insert(rows);
    });
    // Some may have been dropped meanwhile.
    const written = new Set(rows);
    this.#pending = this.#pending.filter((row) => !written.has(row));
  }

  async #prune(): Promise<void> {
    const { store, clock } = this.#options;
    if (clock.now() - this.#prunedAt < PRUNE_INTERVAL_MS) return;
    const bounds = { before: clock.wall() - RETENTION_MS, keep: MAX_ROWS, limit: MAX_PRUNED_ROWS };
    while ((await store.stateChanges.prune(bounds)) && !this.#isStopped);
    this.#prunedAt = clock.now();
    // Of agents that were removed meanwhile, nothing has to be kept.
    this.#isCompared = false;
  }

  #forget(): void {
    this.#written = undefined;
    this.#pending = [];
  }
}
