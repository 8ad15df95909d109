import type { Rollout, RolloutAgent } from '../rollout.ts';
import type { AgentFacts, World } from './world.ts';

/** Milliseconds for which an agent that has failed waits for its pool. After that, its clients gain nothing from waiting. */
const MAX_FAILED_WAIT_MS = 5 * 60_000;

/**
 * Why an agent that is to go back has to wait; undefined if it may go. Its pool must stay at `minReady`, and of the agents that
 * work, only `inFlight` percent go back at the same time. Windows and freezes do not matter: it has run that version before.
 */
export function mayReturn(
  agent: RolloutAgent,
  agents: readonly RolloutAgent[],
  { override, settings }: Pick<Rollout, 'override' | 'settings'>,
  world: World,
): string | undefined {
  const hasFailed = agent.reason !== undefined;
  if (override !== undefined || world.agent(agent.id)?.isReady !== true) return undefined;
  if (hasFailed && world.now - agent.since >= MAX_FAILED_WAIT_MS) return undefined;
  const { ready, minReady, size } = world.pool(agent.pool);
  const leaving = agents.filter(
    ({ id, state, pool }) =>
      id !== agent.id &&
      pool === agent.pool &&
      state === 'rolling-back' &&
      (world.isLeaving(id) || isSwitching(world.agent(id))),
  );
  const limit = Math.max(1, Math.floor((size * settings.inFlight) / 100));
  if (!hasFailed && leaving.length >= limit)
    return `${leaving.length} agents of pool ${agent.pool} go back at the moment.`;
  const readyAfter = ready - 1 - leaving.filter(({ id }) => world.agent(id)?.isReady === true).length;
  return readyAfter < minReady
    ? `Pool ${agent.pool} would have ${readyAfter} ready agents, and minReady is ${minReady}.`
    : undefined;
}

/** It was permitted to switch before the rollout went back. */
const isSwitching = (facts: AgentFacts | undefined): boolean => facts?.progress?.state === 'switching';
