import { inRolloutOrder, Judge, type Reading, type RolloutAgent } from '@penstock/rollouts';
import { type Clock, inSlices } from '@penstock/runtime';
import type { AgentView } from '../fleet/agent-view.ts';
import { readingOf, runsTarget } from './agent-facts.ts';
import type { AgentOpens } from './agent-opens.ts';
import type { StoredRollout } from './rollout-rows.ts';
import type { Judgments, RolloutFleet } from './rollout-world.ts';

export type RolloutJudgeOptions = {
  readonly fleet: RolloutFleet;
  readonly opens: Pick<AgentOpens, 'of'>;
  readonly clock: Clock;
  /** Milliseconds after which opens are known here, at whatever gateway they were made. */
  readonly opensDelay: () => number;
};

/** Agents of a pool with which one is compared: a sample, since every reading of one costs time on the event loop. */
const MAX_OTHERS = 50;

/** States of agents that are to run the target. */
const UPCOMING: ReadonlySet<RolloutAgent['state']> = new Set(['offered', 'staged', 'switching']);
const isUpcoming = ({ state }: RolloutAgent): boolean => UPCOMING.has(state);

/** Judges the agents of a rollout that run the target, once every `judgeInterval`. */
export class RolloutJudge implements Judgments {
  readonly #rollout: Pick<StoredRollout, 'id' | 'target' | 'judgeInterval'>;
  readonly #options: RolloutJudgeOptions;
  readonly #judge: Judge;
  readonly #faults = new Map<string, string>();
  /** Only during a judgment. */
  readonly #others = new Map<string, readonly string[]>();
  readonly #readings = new Map<string, Reading>();
  /** Agents that began to run the target a moment ago, and when all opens from before are known. */
  readonly #unsettled = new Map<string, number>();
  #judgedAt: number;

  constructor(rollout: StoredRollout, options: RolloutJudgeOptions) {
    this.#rollout = rollout;
    this.#options = options;
    this.#judgedAt = options.clock.now();
    this.#judge = new Judge({
      read: (id) => this.#read(id),
      othersOf: (pool) => this.#others.get(pool) ?? [],
      mustKeepConnectors: rollout.target.kind === 'software',
      // A doubt of the last moment is dropped before the probation, which it doubles, is over; one quiet reading drops none.
      maxUnconfirmed: Math.max(2, Math.floor(rollout.settings.probation / rollout.judgeInterval / 2)),
    });
  }

  faultOf = (agent: string): string | undefined => this.#faults.get(agent);
  doubtOf = (agent: string): string | undefined => this.#judge.doubtOf(agent);

  /** Takes a reading of agents that are about to be told to run the target. */
  noteOffered(agents: readonly RolloutAgent[]): Promise<void> {
    return this.#note(agents.filter((agent) => isUpcoming(agent) && !this.#judge.hasNoted(agent.id)));
  }

  /**
   * Follows agents that began to run the target, and takes the next readings if they are due, also of those that are about
   * to. In slices.
   */
  async judgeDue(agents: readonly RolloutAgent[]): Promise<void> {
    const { clock } = this.#options;
    const judged = agents.filter(({ state }) => state === 'probation' || state === 'updated');
    const ids = new Set(judged.map(({ id }) => id));
    this.#judge.keepOnly(new Set([...ids, ...agents.filter(isUpcoming).map(({ id }) => id)]));
    for (const kept of [this.#faults, this.#unsettled])
      for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
    const isNew = judged.some(({ id }) => !this.#judge.follows(id));
    const isDue = clock.now() - this.#judgedAt >= this.#rollout.judgeInterval;
    const hasSettled = this.#unsettled.values().some((at) => at <= clock.now());
    if (isDue) await this.#note(agents.filter(isUpcoming));
    if (!isNew && !isDue && !hasSettled) return;
    await this.#chooseOthers(new Set(judged.map(({ pool }) => pool)));
    await inSlices(judged, ({ id, pool }) => this.#follow(id, pool), clock);
    if (isDue) {
      this.#judgedAt = clock.now();
      const judge = ({ id, pool }: RolloutAgent) => {
        if (this.#unsettled.has(id)) return;
        const found = this.#judge.judge(id, pool);
        if (found === undefined) this.#faults.delete(id);
        else this.#faults.set(id, found.detail);
      };
      await inSlices(judged, judge, clock);
    }
    this.#readings.clear();
    this.#others.clear();
  }

  /** Opens that were made before the agent ran the target, and become known now, say nothing about the target. */
  #follow(id: string, pool: string): void {
    const now = this.#options.clock.now();
    const delay = this.#options.opensDelay();
    if (!this.#judge.follows(id)) {
      this.#judge.follow(id, pool);
      if (delay > 0) this.#unsettled.set(id, now + delay);
    } else if ((this.#unsettled.get(id) ?? Number.POSITIVE_INFINITY) <= now) {
      this.#unsettled.delete(id);
      this.#judge.restartOpens(id, pool);
    }
  }

  async #note(upcoming: readonly RolloutAgent[]): Promise<void> {
    const { fleet, clock } = this.#options;
    const note = ({ id }: RolloutAgent) => {
      const view = fleet.agentById(id);
      if (view !== undefined && !runsTarget(view, this.#rollout.target)) this.#judge.note(id);
    };
    await inSlices(upcoming, note, clock);
    this.#readings.clear();
  }

  /** Chooses the agents of each pool to compare with: those that run something else. */
  async #chooseOthers(pools: ReadonlySet<string>): Promise<void> {
    const { fleet, clock } = this.#options;
    const { target, id: rollout } = this.#rollout;
    const found = new Map([...pools].map((pool): [string, { readonly id: string }[]] => [pool, []]));
    const choose = (view: AgentView) => {
      // Nothing is known of agents that have not connected to this gateway.
      if (view.config !== undefined && !runsTarget(view, target)) found.get(view.pool)?.push({ id: view.id });
    };
    await inSlices(fleet.agentsAfter(''), choose, clock);
    for (const [pool, others] of found) {
      const chosen = inRolloutOrder(rollout, others).slice(0, MAX_OTHERS);
      this.#others.set(
        pool,
        chosen.map(({ id }) => id),
      );
    }
  }

  #read(id: string): Reading | undefined {
    const known = this.#readings.get(id);
    if (known !== undefined) return known;
    const { fleet, opens, clock } = this.#options;
    const view = fleet.agentById(id);
    const reading = view && readingOf(view, this.#rollout.target, opens, clock.wall());
    if (reading !== undefined) this.#readings.set(id, reading);
    return reading;
  }
}
