import { isInFlight, type Rollout, type RolloutAgent, type Waiting } from '../rollout.ts';
import { entered } from './advance-agent.ts';
import type { World } from './world.ts';

export type Started = {
  readonly agents: readonly RolloutAgent[];
  /** Why nothing of the group can be started, or go on before it switches, if that is so. */
  readonly waiting: Waiting | undefined;
};

/** Milliseconds in which an agent that is away when its turn comes can reconnect. */
const RECONNECT_MS = 2 * 60_000;

/** Starts agents of a group, as far as windows, freezes, `minReady` and the number in flight permit. */
export function startAgents(
  group: number,
  agents: readonly RolloutAgent[],
  rollout: Pick<Rollout, 'settings' | 'target' | 'override'>,
  world: World,
): Started {
  const { settings, override } = rollout;
  const inFlight = new Map<string, number>();
  for (const { pool } of agents.filter(isInFlight)) inFlight.set(pool, (inFlight.get(pool) ?? 0) + 1);
  const waits: Waiting[] = [];
  let hasCapacity = false;
  const next = agents.map((agent) => {
    if (agent.group === group && (agent.state === 'offered' || agent.state === 'staged')) {
      // It was started, and waits as well if its window has closed.
      const opening = world.opening(agent.pool);
      if (opening.isOpen || override !== undefined || world.finishesLate(agent.pool)) hasCapacity = true;
      else waits.push({ opensAt: opening.opensAt, because: opening.because });
    }
    // What has switched goes on, whatever the window does.
    if (agent.group === group && (agent.state === 'switching' || agent.state === 'probation'))
      hasCapacity = true;
    if (agent.group !== group || agent.state !== 'pending') return agent;
    const facts = world.agent(agent.id);
    if (facts === undefined) return entered(agent, 'skipped', world.now, { skipped: 'gone' });
    if (!facts.isConnected && !facts.runsTarget) {
      // It may be reconnecting, as all agents are after a restart of the gateway.
      if (agent.deadline === undefined) return { ...agent, deadline: world.now + RECONNECT_MS };
      if (world.now < agent.deadline) return agent;
      return entered(agent, 'skipped', world.now, { skipped: 'offline' });
    }
    const opening = world.opening(agent.pool);
    if (override === undefined && !opening.isOpen) {
      waits.push({ opensAt: opening.opensAt, because: opening.because });
      return agent;
    }
    const { ready, minReady, size } = world.pool(agent.pool);
    if (override === undefined && ready < minReady) {
      waits.push({
        opensAt: undefined,
        because: `Pool ${agent.pool} has ${ready} ready agents, and minReady is ${minReady}.`,
      });
      return agent;
    }
    hasCapacity = true;
    const limit = Math.max(1, Math.floor((size * settings.inFlight) / 100));
    const current = inFlight.get(agent.pool) ?? 0;
    if (group > 0 && current >= limit) return agent;
    inFlight.set(agent.pool, current + 1);
    return entered(agent, 'offered', world.now, { deadline: world.now + settings.deadline });
  });
  return { agents: next, waiting: hasCapacity ? undefined : earliest(waits) };
}

function earliest(waits: readonly Waiting[]): Waiting | undefined {
  return waits.toSorted((one, other) => (one.opensAt ?? Infinity) - (other.opensAt ?? Infinity))[0];
}
