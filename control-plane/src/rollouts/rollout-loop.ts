import type { GatewayConfig } from '@penstock/config-schema';
import {
  advance,
  isFinal,
  maySwitch,
  type RolloutAgent,
  SWITCH_START_MS,
  type SwitchDecision,
  type World,
} from '@penstock/rollouts';
import type { Clock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { errorText, type UpgradeMessage } from '@penstock/wire';
import type { ControlPlaneLog } from '../observe/event.ts';
import type { AgentOpens } from './agent-opens.ts';
import { actorOf, pinChanges } from './config-pins.ts';
import { ALARM_MS } from './rollout-alarms.ts';
import { RolloutJudge } from './rollout-judge.ts';
import { agentOf, agentRowOf, rolloutOf, rowOf, type StoredRollout } from './rollout-rows.ts';
import { type RolloutFleet, readFacts, worldOf } from './rollout-world.ts';
import { upgradeMessageFor } from './upgrade-messages.ts';

export type RolloutLoopOptions = {
  readonly store: Pick<Store, 'rollouts' | 'transaction'>;
  readonly fleet: RolloutFleet & {
    /** Puts pins in force that were written to the store. */
    readonly steering: { applyPins(changes: ReturnType<typeof pinChanges>): Promise<void> };
  };
  readonly config: () => GatewayConfig;
  readonly opens: Pick<AgentOpens, 'of' | 'setWanted'>;
  /** Milliseconds after which opens are known here, at whatever gateway they were made. */
  readonly opensDelay: () => number;
  readonly sendUpgrade: (agentId: string, message: UpgradeMessage) => boolean;
  /** The epoch under which this gateway leads, or undefined while another one does. */
  readonly epoch: () => number | undefined;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
  readonly onChange: (
    rollout: StoredRollout,
    agents: readonly RolloutAgent[],
    before: StoredRollout | undefined,
  ) => void;
  /**
   * Another gateway may have taken a step: called for open rollouts that have changed, and at each read for those that have
   * ended lately. `undefined` if it is gone from the store.
   */
  readonly onRead: (id: string, rollout: StoredRollout | undefined) => void;
};

/** An open rollout in memory. */
export type OpenRollout = {
  readonly rollout: StoredRollout;
  readonly agents: readonly RolloutAgent[];
};

/** `unknown`: no rollout in progress concerns the agent. `follower`: it is for another gateway to answer. */
export type SwitchAnswer = SwitchDecision | { readonly kind: 'unknown' } | { readonly kind: 'follower' };

/** Who changes a rollout, and what the audit trail calls it. */
export type Change = {
  readonly action: string;
  readonly actor: string;
  readonly address?: string | undefined;
  readonly after?: unknown;
};

const TICK_MS = 1_000;
const MIN_TICK_MS = 50;
/** Changes come in bursts, and a step reads every agent of its rollout. */
const WAKE_DELAY_MS = 100;
/** Rollouts that other gateways have created or changed are noticed after this time. */
const READ_INTERVAL_MS = 5_000;
/** An offer is repeated after this time as long as the agent does not report it. */
const REPEAT_OFFER_MS = 30_000;

/**
 * Takes the steps of all open rollouts. Each step is one transaction: it is written only if nobody has taken one since, and
 * nobody leads under a later epoch. What follows from it (pins in force, messages to agents) is derived from what is stored, so
 * a gateway that starts continues where another one stopped.
 */
export class RolloutLoop {
  readonly #options: RolloutLoopOptions;
  readonly #open = new Map<string, OpenRollout>();
  readonly #judges = new Map<string, RolloutJudge>();
  readonly #offered = new Map<string, number>();
  /** Agents that may leave to go back, by rollout and agent, with the moment at which that permission is over. */
  readonly #leaving = new Map<string, number>();
  #readAt = Number.NEGATIVE_INFINITY;
  /** The epoch under which this gateway led when it read last. */
  #readUnder: number | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopTimer = () => {};
  #state: 'running' | 'stopped' = 'running';
  #isHealthy = true;
  #isWoken = false;

  constructor(options: RolloutLoopOptions) {
    this.#options = options;
  }

  /** Reads the open rollouts. Throws StoreError. */
  async start(): Promise<void> {
    await this.#read();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stopTimer();
    await this.#work;
  }

  get open(): readonly OpenRollout[] {
    return [...this.#open.values()];
  }

  /** Takes the next steps soon, and not only at the next tick. */
  wake(): void {
    if (this.#open.size === 0 || this.#isWoken) return;
    this.#isWoken = true;
    this.#schedule(WAKE_DELAY_MS);
  }

  /**
   * Changes a rollout on behalf of somebody. `change` returns undefined if its state does not permit that. Resolves to
   * undefined then, and if the rollout is unknown or has ended. Throws StoreError.
   */
  change(
    id: string,
    by: Change,
    change: (
      open: OpenRollout,
    ) => { readonly rollout: StoredRollout; readonly agents: readonly RolloutAgent[] } | undefined,
  ): Promise<OpenRollout | undefined> {
    return this.#exclusively(async () => {
      await this.#read();
      const open = this.#open.get(id);
      const next = open && change(open);
      if (open === undefined || next === undefined) return undefined;
      return (await this.#save(open, next, by)) ? (this.#open.get(id) ?? { ...next }) : undefined;
    });
  }

  /**
   * Answers an agent that has staged a version. Every gateway hears its question: two that answer by what each of them has
   * permitted would let too many go at the same time. Throws StoreError.
   */
  maySwitch(rolloutId: string, agentId: string): Promise<SwitchAnswer> {
    return this.#exclusively(async () => {
      await this.#readIfStale();
      const open = this.#open.get(rolloutId);
      if (!this.#leads(open?.rollout)) return { kind: 'follower' };
      const agent = open?.agents.find(({ id }) => id === agentId);
      if (open === undefined || agent === undefined) return { kind: 'unknown' };
      const decision = maySwitch(agent, open.agents, open.rollout, await this.#worldOf(open));
      if (decision.kind === 'go' && agent.state === 'rolling-back')
        this.#leaving.set(`${rolloutId} ${agentId}`, decision.until);
      if (decision.kind === 'wait' || decision.agent === agent) return decision;
      const agents = open.agents.map((each) => (each.id === agentId ? decision.agent : each));
      const isSaved = await this.#save(open, { rollout: open.rollout, agents }, undefined);
      return isSaved
        ? decision
        : { kind: 'wait', because: 'The rollout was changed at the same moment.', isBrief: true };
    });
  }

  /** Whether this gateway takes the next step. One that was replaced may not know it yet: the epoch of the last step tells. */
  #leads(rollout: StoredRollout | undefined): boolean {
    const epoch = this.#options.epoch();
    return epoch !== undefined && (rollout === undefined || rollout.epoch <= epoch);
  }

  /** Takes up a rollout that was just written. */
  add(open: OpenRollout): void {
    this.#open.set(open.rollout.id, open);
    this.wake();
  }

  #schedule(delay = TICK_MS): void {
    this.#stopTimer();
    if (this.#state === 'stopped') return;
    this.#stopTimer = this.#options.clock.after(delay, () => {
      this.#isWoken = false;
      void this.#exclusively(() => this.#tick()).finally(() => this.#schedule(this.#untilDue()));
    });
  }

  /** Milliseconds until the next moment at which time alone changes something, a tick at most. */
  #untilDue(): number {
    const now = this.#options.clock.wall();
    let due = now + TICK_MS;
    for (const { rollout, agents } of this.#open.values()) {
      if ('until' in rollout.stage) due = Math.min(due, rollout.stage.until);
      // A deadline that has passed changes something at a tick, if at all.
      for (const { deadline = 0 } of agents) if (deadline > now) due = Math.min(due, deadline);
    }
    return Math.max(MIN_TICK_MS, due - now);
  }

  /** One after another: a step must not start from what another one is about to replace. */
  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  async #tick(): Promise<void> {
    const { log, epoch, opens } = this.#options;
    if (this.#state === 'stopped') return;
    try {
      await this.#readIfStale(READ_INTERVAL_MS);
      opens.setWanted(this.#open.size > 0 && epoch() !== undefined);
      if (epoch() === undefined) return;
      const failures: unknown[] = [];
      // One that fails does not stop the others.
      for (const open of this.open) await this.#step(open).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
      this.#isHealthy = true;
    } catch (error) {
      if (this.#isHealthy) log('store-failed', { detail: errorText(error) });
      this.#isHealthy = false;
    }
  }

  /**
   * Reads what is due. At once if somebody else has taken a step, and as a new leader, which knows the rollouts as they were
   * before the last steps of the one before.
   */
  async #readIfStale(interval = Number.POSITIVE_INFINITY): Promise<void> {
    const { clock, epoch } = this.#options;
    const isNewLeader = epoch() !== undefined && epoch() !== this.#readUnder;
    if (isNewLeader || clock.now() - this.#readAt >= interval) await this.#read();
  }

  /** The leader before may have permitted any agent that goes back to leave, a moment ago. */
  #assumePermitted(): void {
    const until = this.#options.clock.wall() + SWITCH_START_MS;
    for (const { rollout, agents } of this.#open.values())
      for (const { id, state } of agents)
        if (state === 'rolling-back') this.#leaving.set(`${rollout.id} ${id}`, until);
  }

  async #read(): Promise<void> {
    const { store, clock, onRead, epoch } = this.#options;
    const readUnder = epoch();
    const rows = await store.rollouts.open();
    const ids = new Set(rows.map(({ id }) => id));
    for (const row of rows) {
      if (this.#open.get(row.id)?.rollout.revision === row.revision) continue;
      const agents = await store.rollouts.agentsOf(row.id);
      const rollout = rolloutOf(row);
      this.#open.set(row.id, { rollout, agents: agents.map(agentOf) });
      onRead(row.id, rollout);
    }
    for (const id of [...this.#open.keys()].filter((open) => !ids.has(open))) {
      const ended = await store.rollouts.byId(id);
      this.#forget(id);
      onRead(id, ended && rolloutOf(ended));
    }
    // One that has begun and ended between two reads was never open here.
    const ended = await store.rollouts.endedSince(clock.wall() - ALARM_MS);
    for (const row of ended) if (!this.#open.has(row.id)) onRead(row.id, rolloutOf(row));
    this.#readAt = clock.now();
    if (readUnder !== undefined && readUnder !== this.#readUnder) this.#assumePermitted();
    this.#readUnder = readUnder;
  }

  async #step(open: OpenRollout): Promise<void> {
    const { rollout } = open;
    if (!this.#leads(rollout)) return;
    await this.#judgeOf(rollout).judgeDue(open.agents);
    const next = advance(rollout, open.agents, await this.#worldOf(open));
    await this.#judgeOf(rollout).noteOffered(next.agents);
    const step = { rollout: next.rollout as StoredRollout, agents: next.agents };
    // If somebody else has taken a step, what is in memory is what the agents were to do before it.
    if (!(await this.#save(open, step, undefined))) return;
    const current = this.#open.get(rollout.id);
    if (current !== undefined && this.#leads(current.rollout)) this.#sendUpgrades(current);
  }

  /** Writes a step with the pins that follow from it. Resolves to false if somebody else has taken one. */
  async #save(open: OpenRollout, next: OpenRollout, by: Change | undefined): Promise<boolean> {
    const { store, fleet, clock, onChange } = this.#options;
    const epoch = this.#options.epoch();
    const before = open.rollout;
    const now = clock.wall();
    const known = new Map(open.agents.map((agent) => [agent.id, agent]));
    const changed = next.agents.filter((agent) => known.get(agent.id) !== agent);
    const pins = pinChanges(next.rollout, next.agents, fleet, now);
    const hasPins = pins.put.length + pins.remove.length > 0;
    if (next.rollout === before && changed.length === 0 && !hasPins && by === undefined) return true;
    // An operator may change a rollout at any gateway; only the leader takes the other steps.
    if (epoch === undefined && by === undefined) return false;
    const rollout: StoredRollout = {
      ...next.rollout,
      revision: before.revision + 1,
      epoch: Math.max(before.epoch, epoch ?? 0),
      updatedAt: now,
    };
    const isSaved = await store.transaction(async (inside) => {
      const rows = changed.map((agent) => agentRowOf(rollout.id, agent));
      if (!(await inside.rollouts.save(rowOf(rollout, epoch ?? before.epoch), rows))) return false;
      for (const pin of pins.put) await inside.pins.put(pin);
      for (const pin of pins.remove) await inside.pins.remove(pin);
      for (const entry of auditEntries(rollout, before, changed, by, now)) await inside.audit.append(entry);
      return true;
    });
    if (!isSaved) {
      this.#readAt = Number.NEGATIVE_INFINITY;
      return false;
    }
    if (hasPins) await fleet.steering.applyPins(pins);
    const saved = { rollout, agents: next.agents };
    if (isFinal(rollout.stage.state)) {
      this.#sendUpgrades(saved);
      this.#forget(rollout.id);
    } else this.#open.set(rollout.id, saved);
    onChange(rollout, changed, before);
    return true;
  }

  #sendUpgrades({ rollout, agents }: OpenRollout): void {
    const { fleet, clock, sendUpgrade } = this.#options;
    if (rollout.target.kind !== 'software') return;
    for (const agent of agents) {
      const message = upgradeMessageFor(agent, rollout, fleet, rollout.isRetried);
      if (message === undefined) continue;
      const key = `${rollout.id} ${agent.id} ${agent.state} ${message.type}`;
      if (clock.now() - (this.#offered.get(key) ?? Number.NEGATIVE_INFINITY) < REPEAT_OFFER_MS) continue;
      if (sendUpgrade(agent.id, message)) this.#offered.set(key, clock.now());
    }
  }

  async #worldOf({ rollout, agents }: OpenRollout): Promise<World> {
    const { fleet, config, clock } = this.#options;
    const facts = await readFacts(rollout, agents, fleet, clock);
    const now = clock.wall();
    const isLeaving = (agent: string) => (this.#leaving.get(`${rollout.id} ${agent}`) ?? 0) > now;
    return worldOf(facts, fleet, config(), this.#judgeOf(rollout), isLeaving, now);
  }

  #judgeOf(rollout: StoredRollout): RolloutJudge {
    const known = this.#judges.get(rollout.id);
    if (known !== undefined) return known;
    const judge = new RolloutJudge(rollout, this.#options);
    this.#judges.set(rollout.id, judge);
    return judge;
  }

  #forget(id: string): void {
    this.#open.delete(id);
    this.#judges.delete(id);
    for (const kept of [this.#offered, this.#leaving]) {
      for (const key of kept.keys()) if (key.startsWith(`${id} `)) kept.delete(key);
    }
  }
}

function auditEntries(
  rollout: StoredRollout,
  before: StoredRollout,
  changed: readonly RolloutAgent[],
  by: Change | undefined,
  at: number,
) {
  const actor = by?.actor ?? actorOf(rollout.id);
  const subject = `rollout:${rollout.id}`;
  const isNewStage = rollout.stage.state !== before.stage.state || by !== undefined;
  const stage = isNewStage
    ? [
        {
          at,
          actor,
          address: by?.address,
          action: by?.action ?? 'rollout.step',
          subject,
          before: before.stage,
          after: by?.after ?? rollout.stage,
        },
      ]
    : [];
  const failures = changed
    .filter(({ state }) => state === 'failed')
    .map(({ id, name, reason }) => ({
      at,
      actor: actorOf(rollout.id),
      action: 'rollout.agent-failed',
      subject: `agent:${id}`,
      after: { rollout: rollout.id, name, reason },
    }));
  return [...stage, ...failures];
}
