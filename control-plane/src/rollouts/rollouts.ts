import type { GatewayConfig, Pool } from '@penstock/config-schema';
import {
  type Candidate,
  cancel,
  type Opening,
  type Plan,
  pause,
  planRollout,
  type RolloutAgent,
  type RolloutTarget,
  resume,
  retry,
} from '@penstock/rollouts';
import type { Clock } from '@penstock/runtime';
import { ascendingIds, type Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { Actor, Requester } from '../actor.ts';
import type { Approvals, Performed } from '../approvals/approvals.ts';
import type { FleetEvents } from '../events/events.ts';
import type { ControlPlaneLog } from '../observe/event.ts';
import { candidateOf, reportsOfRetried } from './agent-facts.ts';
import { needsNoApproval } from './patch-release.ts';
import { openingOf, type SettingsRequest, settingsFor } from './pool-settings.ts';
import { type RolloutAlarm, RolloutAlarms } from './rollout-alarms.ts';
import { RolloutLoop, type RolloutLoopOptions } from './rollout-loop.ts';
import { requireFree, requireSettled } from './rollout-preconditions.ts';
import { RolloutProblem } from './rollout-problem.ts';
import { agentOf, rolloutOf, rowOf, type StoredRollout } from './rollout-rows.ts';

export type NewRollout = {
  readonly target:
    | { readonly kind: 'config'; readonly pool: string; readonly version: number }
    | { readonly kind: 'software'; readonly pools: readonly string[]; readonly version: string };
  readonly settings: SettingsRequest;
  readonly onFailure: StoredRollout['onFailure'];
};

export type RolloutsOptions = Omit<RolloutLoopOptions, 'onChange' | 'onRead' | 'store'> & {
  readonly store: Pick<Store, 'rollouts' | 'configVersions' | 'transaction'>;
  readonly approvals: Pick<Approvals, 'action'>;
  readonly events: Pick<FleetEvents, 'publish'>;
  readonly log: ControlPlaneLog;
  readonly clock: Clock;
  /** Whether every replica that is alive can be reached. */
  readonly isWhole: () => boolean;
  /** Rejects with ProblemError if a version of the software cannot be rolled out, for example because it is not signed. */
  readonly requireRelease: (version: string) => Promise<void>;
};

export type RolloutDetail = { readonly rollout: StoredRollout; readonly agents: readonly RolloutAgent[] };

const DAY_MS = 86_400_000;
/** Time for which rollouts are kept after their end. The audit trail keeps the steps. */
const RETENTION_MS = 180 * DAY_MS;
const nextId = ascendingIds();

type IdArgument = { readonly id: string };

/** The rollouts of this gateway, as operators see and steer them. */
export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #loop: RolloutLoop;
  readonly #alarms: RolloutAlarms;
  readonly #start: ReturnType<typeof rolloutAction>;
  readonly #proceed: ReturnType<typeof rolloutAction>;

  private constructor(options: RolloutsOptions) {
    const { approvals } = options;
    this.#options = options;
    this.#alarms = new RolloutAlarms(options.clock);
    this.#loop = new RolloutLoop({
      ...options,
      onChange: (...change) => this.#changed(...change),
      onRead: (id, rollout) =>
        rollout === undefined ? this.#alarms.clear(id) : this.#alarms.follow(rollout),
    });
    this.#start = rolloutAction(approvals, 'rollout', (id, actor) => this.#plan(id, actor));
    this.#proceed = rolloutAction(approvals, 'rollout-now', (id, actor) => this.#override(id, actor));
  }

  /** Takes up the open rollouts of the store. The caller stops it before the store. Throws StoreError. */
  static async open(options: RolloutsOptions): Promise<Rollouts> {
    const rollouts = new Rollouts(options);
    await options.store.rollouts.prune(options.clock.wall() - RETENTION_MS);
    await rollouts.#loop.start();
    return rollouts;
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** The fleet has changed: the next step may be due. */
  wake(): void {
    this.#loop.wake();
  }

  get open(): readonly RolloutDetail[] {
    return this.#loop.open;
  }

  /** Rollouts that were halted: until they go on, and for an hour after they went back. */
  get alarms(): readonly RolloutAlarm[] {
    return this.#alarms.current;
  }

  maySwitch(rollout: string, agentId: string): ReturnType<RolloutLoop['maySwitch']> {
    return this.#loop.maySwitch(rollout, agentId);
  }

  /** Newest first. Throws StoreError. */
  async list(query: {
    readonly before?: string | undefined;
    readonly onlyOpen: boolean;
    readonly limit: number;
  }): Promise<readonly StoredRollout[]> {
    return (await this.#options.store.rollouts.list(query)).map(rolloutOf);
  }

  /** Throws ProblemError NOT_FOUND and StoreError. */
  async detail(id: string): Promise<RolloutDetail> {
    const { store } = this.#options;
    const row = await store.rollouts.byId(id);
    if (row === undefined) throw unknownRollout(id);
    return { rollout: rolloutOf(row), agents: (await store.rollouts.agentsOf(id)).map(agentOf) };
  }

  /** What a rollout would do: the agents of each group, and those that are skipped. Changes nothing. */
  async preview(request: NewRollout): Promise<Plan & { readonly rollout: StoredRollout }> {
    const rollout = await this.#draft(request, { id: 'preview' });
    return { ...this.#planOf(rollout), rollout };
  }

  /** Whether the agents of a rollout could be changed now: in all of its pools, or the first that opens. */
  openingOf({ pools }: Pick<StoredRollout, 'pools'>): Opening {
    const { config, clock } = this.#options;
    const openings = pools.map((pool) => openingOf(config(), pool, clock.wall()));
    const opensAt = (opening: Opening) =>
      opening.isOpen ? 0 : (opening.opensAt ?? Number.POSITIVE_INFINITY);
    const [first] = openings.toSorted((one, other) => opensAt(one) - opensAt(other));
    return first ?? { isOpen: true, until: undefined };
  }

  /**
   * Creates a rollout and starts it, or leaves it as a draft until an admin approves it, where a pool requires that. Throws
   * ProblemError, RolloutProblem and StoreError.
   */
  async create(request: NewRollout, requester: Requester): Promise<Performed<RolloutDetail>> {
    const { store, clock } = this.#options;
    const rollout = await this.#draft(request, requester);
    await store.transaction(async (inside) => {
      // In the transaction: another gateway, or another request, may be creating one for the same pool.
      requireFree(rollout, (await inside.rollouts.open()).map(rolloutOf));
      await inside.rollouts.insert(rowOf(rollout, rollout.epoch), []);
      await inside.audit.append({
        at: clock.wall(),
        actor: requester.id,
        address: requester.address,
        action: 'rollout.create',
        subject: `rollout:${rollout.id}`,
        after: { target: rollout.target, pools: rollout.pools, settings: rollout.settings },
      });
    });
    this.#loop.add({ rollout, agents: [] });
    this.#changed(rollout, [], undefined);
    return this.#perform(this.#start, rollout, requester);
  }

  pause(id: string, reason: string | undefined, by: Actor): Promise<RolloutDetail> {
    const { clock } = this.#options;
    return this.#change(id, 'pause', by, ({ rollout, agents }) => {
      const next = pause(rollout, by.id, reason, clock.wall());
      return next && { rollout: { ...rollout, ...next }, agents };
    });
  }

  resume(id: string, by: Actor): Promise<RolloutDetail> {
    const { clock } = this.#options;
    return this.#change(id, 'resume', by, ({ rollout, agents }) => {
      const next = resume(rollout, clock.wall());
      return next && { rollout: { ...rollout, ...next }, agents };
    });
  }

  cancel(id: string, goBack: boolean, by: Actor): Promise<RolloutDetail> {
    return this.#change(id, 'cancel', by, ({ rollout, agents }) => {
      const next = cancel(rollout, by.id, goBack);
      return next && { rollout: { ...rollout, ...next }, agents };
    });
  }

  retry(id: string, by: Actor): Promise<RolloutDetail> {
    const { clock, fleet } = this.#options;
    return this.#change(id, 'retry', by, ({ rollout, agents }) => {
      const next = retry(rollout, agents, clock.wall());
      if (next === undefined) return undefined;
      requireSettled(id, agents);
      const reportsBefore = { ...rollout.reportsBefore, ...reportsOfRetried(id, agents, fleet) };
      return { ...next, rollout: { ...rollout, ...next.rollout, isRetried: true, reportsBefore } };
    });
  }

  /** Has a rollout go on regardless of windows, freezes and `minReady`. Always requires an admin. */
  async proceed(id: string, requester: Requester): Promise<Performed<RolloutDetail>> {
    const { rollout } = await this.detail(id);
    return this.#perform(this.#proceed, rollout, requester);
  }

  async #perform(
    action: ReturnType<typeof rolloutAction>,
    rollout: StoredRollout,
    requester: Requester,
  ): Promise<Performed<RolloutDetail>> {
    const { id, pools, target } = rollout;
    const { config, fleet } = this.#options;
    const needing =
      action === this.#start && target.kind === 'software'
        ? pools.filter(
            (pool) => !needsNoApproval(poolOf(config(), pool), target.version, fleet.agentsAfter('')),
          )
        : pools;
    const performed = await action(
      {
        pool: pools[0] ?? '',
        pools: needing,
        // Whoever may not pin a version may not do it by a rollout.
        ...(target.kind === 'config' && { alsoNeeds: ['pin'] as const }),
        subject: `rollout:${id}`,
        arguments: { id },
      },
      requester,
    );
    if (performed.kind === 'waiting') return performed;
    return { kind: 'done', value: await this.detail(id) };
  }

  /** Plans an approved rollout with the agents of this moment. */
  async #plan(id: string, actor: Actor): Promise<void> {
    await this.#change(id, 'start', actor, ({ rollout }) => {
      if (rollout.stage.state !== 'draft') return undefined;
      const { agents, groups } = this.#planOf(rollout);
      return { rollout: { ...rollout, groups, stage: { state: 'approved' } }, agents };
    });
    this.#loop.wake();
  }

  async #override(id: string, actor: Actor): Promise<void> {
    const { clock } = this.#options;
    await this.#change(id, 'now', actor, ({ rollout, agents }) => ({
      rollout: { ...rollout, override: { by: actor.id, at: clock.wall() } },
      agents,
    }));
    this.#loop.wake();
  }

  async #change(
    id: string,
    verb: string,
    { id: actor, address }: Actor,
    change: Parameters<RolloutLoop['change']>[2],
  ): Promise<RolloutDetail> {
    const changed = await this.#loop.change(id, { action: `rollout.${verb}`, actor, address }, change);
    if (changed !== undefined) {
      this.#loop.wake();
      return changed;
    }
    const { rollout } = await this.detail(id);
    throw new RolloutProblem(
      'ROLLOUT_STATE',
      `The rollout is ${rollout.stage.state}, which does not permit ${verb}.`,
    );
  }

  async #draft(
    { target, settings, onFailure }: NewRollout,
    { id: createdBy }: Actor,
  ): Promise<StoredRollout> {
    const { config, clock } = this.#options;
    const names = target.kind === 'config' ? [target.pool] : [...new Set(target.pools)];
    const pools = names.map((name) => poolOf(config(), name));
    const now = clock.wall();
    return {
      id: nextId(),
      target: await this.#targetOf(target),
      pools: names,
      ...settingsFor(pools, settings),
      onFailure,
      stage: { state: 'draft' },
      groups: 0,
      override: undefined,
      isRetried: false,
      revision: 0,
      epoch: 0,
      createdAt: now,
      createdBy,
      updatedAt: now,
    };
  }

  async #targetOf(target: NewRollout['target']): Promise<RolloutTarget> {
    if (target.kind === 'software') {
      await this.#options.requireRelease(target.version);
      return { kind: 'software', version: target.version };
    }
    const { pool, version } = target;
    const published = await this.#options.store.configVersions.of(pool, version);
    if (published === undefined) {
      throw new ProblemError(
        'NOT_FOUND',
        `Version ${version} was not published for pool ${pool}. Publish it first with penstock-gateway config publish.`,
      );
    }
    const pin = this.#options.fleet.pins.all.find((each) => each.scope === 'pool' && each.subject === pool);
    const before = pin && { version: pin.version, digest: pin.digest };
    return { kind: 'config', version, digest: published.digest, before };
  }

  /** The id is no part of the order: what a preview shows is what is created after it. */
  #planOf({ target, pools, settings }: StoredRollout): Plan {
    const { fleet, clock, isWhole } = this.#options;
    const isFleetWhole = isWhole();
    const candidates: Candidate[] = [];
    for (const view of fleet.agentsAfter('')) {
      if (!pools.includes(view.pool) || view.state === 'revoked') continue;
      candidates.push(candidateOf(view, target, isFleetWhole));
    }
    const seed = `${target.kind} ${target.version} ${pools.join(' ')}`;
    return planRollout(seed, candidates, settings, clock.wall());
  }

  #changed(
    rollout: StoredRollout,
    changed: readonly RolloutAgent[],
    before: StoredRollout | undefined,
  ): void {
    const { log, events } = this.#options;
    this.#alarms.follow(rollout);
    const { id, target, pools, stage } = rollout;
    const reason = 'reason' in stage ? stage.reason : 'because' in stage ? stage.because : undefined;
    const isNew = JSON.stringify(stage) !== JSON.stringify(before?.stage);
    const facts = {
      id,
      kind: target.kind,
      version: String(target.version),
      pools: pools.join(),
      state: stage.state,
    };
    if (isNew) log(stage.state === 'halted' ? 'rollout-halted' : 'rollout-changed', { ...facts, reason });
    for (const { name, state, reason: why } of changed) {
      if (state === 'failed') log('rollout-agent-failed', { id, agent: name, reason: why });
    }
    events.publish('rollout', { ...facts, ...(reason !== undefined && { reason }) });
  }
}

const rolloutAction = (
  approvals: Pick<Approvals, 'action'>,
  name: 'rollout' | 'rollout-now',
  run: (id: string, actor: Actor) => Promise<void>,
) => approvals.action<IdArgument, void>(name, ({ arguments: { id } }, actor) => run(id, actor));

function poolOf({ pools }: Pick<GatewayConfig, 'pools'>, name: string): Pool {
  const found = pools.find((pool) => pool.name === name);
  if (found === undefined)
    throw new ProblemError('POOL_UNKNOWN', `There is no pool ${name} in gateway.yaml.`);
  return found;
}

const unknownRollout = (id: string) => new ProblemError('NOT_FOUND', `There is no rollout ${id}.`);
