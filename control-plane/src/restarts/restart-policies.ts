import type { Pool, RestartCondition, RestartPolicy } from '@penstock/config-schema';
import { type Clock, inSlices } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { errorText, restartRequest } from '@penstock/wire';
import type { AgentView } from '../fleet/agent-view.ts';
import type { PoolSummary } from '../fleet/pool-view.ts';
import type { ControlPlaneLog } from '../observe/event.ts';
import { AgentRequestError } from '../requests/agent-request-error.ts';
import type { AgentRequests } from '../requests/agent-requests.ts';
import { conditionOf } from './restart-condition.ts';

export type RestartPoliciesOptions = {
  readonly fleet: {
    agentsAfter(cursor: string): Iterable<AgentView>;
    agentById(id: string): AgentView | undefined;
    pools(): readonly PoolSummary[];
  };
  readonly requests: Pick<AgentRequests, 'perform'>;
  readonly store: Pick<Store, 'audit'>;
  readonly policies: () => readonly Pick<Pool, 'name' | 'restart'>[];
  /** Whether a rollout changes agents of a pool, whose judgment a restart would disturb. */
  readonly isChanging: (pool: string) => boolean;
  /** False while another gateway on the same store does it. */
  readonly isLeader: () => boolean;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

/** An agent whose condition lasts although it was restarted as often as its pool allows. */
export type ExhaustedRestart = {
  readonly condition: 'restart-exhausted';
  readonly subject: string;
  readonly pool: string;
  readonly detail: string;
};

const INTERVAL_MS = 5_000;
/** Time for a restarted agent to be ready again, before another one of its pool may be restarted. */
const RETURN_TIMEOUT_MS = 5 * 60_000;
/** Time after which an agent that refused is asked again. */
const REFUSED_MS = 3_600_000;
/** Who restarts, in the audit trail and in approvals. */
export const RESTART_ACTOR = 'restart-policy';

type Holding = { readonly condition: RestartCondition; readonly since: number; readonly detail: string };
type InProgress = { readonly agent: string; readonly boot: string | undefined; readonly until: number };

/**
 * Restarts agents whose condition lasts, as their pools allow: one of a pool at a time, never below `minReady`, and each only
 * so often. What has been done is counted in the audit trail, so that a restart of the gateway does not start over.
 */
export class RestartPolicies {
  readonly #options: RestartPoliciesOptions;
  readonly #holding = new Map<string, Holding>();
  readonly #inProgress = new Map<string, InProgress>();
  readonly #refusedUntil = new Map<string, number>();
  readonly #exhausted = new Map<string, ExhaustedRestart>();
  #running: Promise<void> = Promise.resolve();
  #stopTimer = () => {};
  #isHealthy = true;

  constructor(options: RestartPoliciesOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** For the alert condition restart-exhausted. */
  get alarms(): readonly ExhaustedRestart[] {
    return [...this.#exhausted.values()];
  }

  async stop(): Promise<void> {
    this.#stopTimer();
    await this.#running;
  }

  #schedule(): void {
    this.#stopTimer = this.#options.clock.after(INTERVAL_MS, () => {
      this.#running = this.#round().catch((error: unknown) => {
        if (this.#isHealthy) this.#options.log('store-failed', { detail: errorText(error) });
        this.#isHealthy = false;
      });
      this.#schedule();
    });
  }

  async #round(): Promise<void> {
    const { fleet, policies, isLeader, clock } = this.#options;
    const policyOf = new Map(
      policies().flatMap(({ name, restart }) => (restart ? [[name, restart] as const] : [])),
    );
    if (policyOf.size === 0 || !isLeader()) {
      this.#holding.clear();
      this.#exhausted.clear();
      return;
    }
    const agents: AgentView[] = [];
    const collect = (agent: AgentView) => {
      if (policyOf.has(agent.pool) && agent.connectedSince !== undefined) agents.push(agent);
    };
    await inSlices(fleet.agentsAfter(''), collect, clock);
    this.#follow(agents, policyOf);
    for (const agent of agents) {
      const policy = policyOf.get(agent.pool);
      const holding = this.#holding.get(agent.id);
      if (policy === undefined || holding === undefined) continue;
      if (clock.now() - holding.since >= policy.for) await this.#consider(agent, policy, holding);
    }
    this.#isHealthy = true;
  }

  /** Since when each agent has its condition, without an interruption. */
  #follow(agents: readonly AgentView[], policyOf: ReadonlyMap<string, RestartPolicy>): void {
    const now = this.#options.clock.now();
    const present = new Set<string>();
    const byPool = Map.groupBy(agents, ({ pool }) => pool);
    for (const agent of agents) {
      const policy = policyOf.get(agent.pool);
      const found = policy && conditionOf(agent, policy, byPool.get(agent.pool) ?? []);
      if (found === undefined) continue;
      present.add(agent.id);
      const known = this.#holding.get(agent.id);
      const since = known?.condition === found.condition ? known.since : now;
      this.#holding.set(agent.id, { ...found, since });
    }
    for (const id of this.#holding.keys()) if (!present.has(id)) this.#holding.delete(id);
    for (const id of this.#exhausted.keys()) if (!present.has(id)) this.#exhausted.delete(id);
  }

  async #consider(agent: AgentView, policy: RestartPolicy, holding: Holding): Promise<void> {
    const { store, clock, isChanging } = this.#options;
    const { id, name, pool } = agent;
    if (isChanging(pool) || this.#isRestarting(pool) || (this.#refusedUntil.get(id) ?? 0) > clock.now())
      return;
    const { count, per } = policy.atMost;
    const done = await store.audit.list({
      actor: RESTART_ACTOR,
      action: 'agent.restart',
      subject: `agent:${id}`,
      limit: count,
    });
    if (done.filter(({ at }) => at > clock.wall() - per).length >= count) {
      const times = count === 1 ? 'once' : `${count} times`;
      const detail = `${holding.detail} It was restarted ${times} without success.`;
      this.#exhausted.set(id, { condition: 'restart-exhausted', subject: `agent:${name}`, pool, detail });
      return;
    }
    this.#exhausted.delete(id);
    if (this.#canSpare(agent)) await this.#restart(agent, holding);
  }

  #isRestarting(pool: string): boolean {
    const { fleet, clock } = this.#options;
    const restarting = this.#inProgress.get(pool);
    if (restarting === undefined) return false;
    const view = fleet.agentById(restarting.agent);
    const isBack = view?.connectedSince !== undefined && view.boots.at(-1)?.id !== restarting.boot;
    if (!isBack && clock.now() < restarting.until) return true;
    this.#inProgress.delete(pool);
    return false;
  }

  #canSpare({ pool, state }: AgentView): boolean {
    const summary = this.#options.fleet.pools().find(({ name }) => name === pool);
    const isReady = state === 'connected' || state === 'degraded' || state === 'stale';
    return summary !== undefined && summary.ready - (isReady ? 1 : 0) >= summary.minReady;
  }

  async #restart({ id, name, pool, boots }: AgentView, { condition, detail }: Holding): Promise<void> {
    const { requests, clock, log } = this.#options;
    const facts = { agent: name, pool, condition, detail };
    try {
      const requester = { id: RESTART_ACTOR, role: 'operator' as const };
      const performed = await requests.perform(restartRequest, name, {}, requester);
      // An admin decides now. The request is the same until then.
      if (performed.kind === 'waiting') return;
      this.#inProgress.set(pool, {
        agent: id,
        boot: boots.at(-1)?.id,
        until: clock.now() + RETURN_TIMEOUT_MS,
      });
      this.#holding.delete(id);
      log('agent-restarted', facts);
    } catch (error) {
      if (!(error instanceof AgentRequestError)) throw error;
      this.#refusedUntil.set(id, clock.now() + REFUSED_MS);
      log('agent-restart-failed', { ...facts, detail: error.message });
    }
  }
}
