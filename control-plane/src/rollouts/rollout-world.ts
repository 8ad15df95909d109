import type { GatewayConfig } from '@penstock/config-schema';
import type { AgentFacts, RolloutAgent, World } from '@penstock/rollouts';
import { type Clock, inSlices } from '@penstock/runtime';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import { factsOf } from './agent-facts.ts';
import { finishesLate, openingOf } from './pool-settings.ts';
import type { StoredRollout } from './rollout-rows.ts';

export type RolloutFleet = Pick<OpenFleet, 'agentsAfter' | 'agentById' | 'pools' | 'pins'>;

export type Judgments = {
  readonly faultOf: (agent: string) => string | undefined;
  readonly doubtOf: (agent: string) => string | undefined;
};

export type Facts = ReadonlyMap<string, AgentFacts>;

/** What is known of the agents of a rollout. Read in slices of the event loop; agents that are gone are left out. */
export async function readFacts(
  { id, target, reportsBefore }: Pick<StoredRollout, 'id' | 'target' | 'reportsBefore'>,
  agents: readonly RolloutAgent[],
  fleet: Pick<RolloutFleet, 'agentById'>,
  clock: Clock,
): Promise<Facts> {
  const facts = new Map<string, AgentFacts>();
  const read = (agent: RolloutAgent) => {
    const view = fleet.agentById(agent.id);
    if (view === undefined || view.state === 'revoked') return;
    facts.set(agent.id, factsOf(view, id, target, reportsBefore?.[agent.id]));
  };
  await inSlices(agents, read, clock);
  return facts;
}

/** The fleet at this moment, as a rollout needs it. */
export function worldOf(
  facts: Facts,
  fleet: Pick<RolloutFleet, 'pools'>,
  config: GatewayConfig,
  judgments: Judgments,
  isLeaving: (agent: string) => boolean,
  now: number,
): World {
  const pools = new Map(fleet.pools().map((pool) => [pool.name, pool]));
  return {
    now,
    agent: (id) => facts.get(id),
    pool(name) {
      const { ready = 0, minReady = 0, agents } = pools.get(name) ?? {};
      const { revoked = 0, ...others } = agents ?? {};
      const size = Object.values(others).reduce((sum: number, count) => sum + count, 0);
      return { ready, minReady, size };
    },
    opening: (pool) => openingOf(config, pool, now),
    finishesLate: (pool) => finishesLate(config, pool, now),
    faultOf: judgments.faultOf,
    doubtOf: judgments.doubtOf,
    isLeaving,
  };
}
