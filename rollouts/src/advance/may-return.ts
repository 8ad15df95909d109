import type { Rollout, RolloutAgent } from '../rollout.ts';
import type { World } from './world.ts';

/**
 * Why an agent that is to go back has to wait; undefined if it may go. One that has failed goes at once, since its clients gain
 * nothing from waiting. Those that work go back a few at a time, and never so many that their pool falls below `minReady`.
 * Windows and freezes do not matter: an agent that goes back has run that version before.
 */
export function mayReturn(
  agent: RolloutAgent,
  agents: readonly RolloutAgent[],
  { override, settings }: Pick<Rollout, 'override' | 'settings'>,
  world: World,
): string | undefined {
  const hasFailed = agent.reason !== undefined;
  if (override !== undefined || hasFailed || world.agent(agent.id)?.isReady !== true) return undefined;
  const { ready, minReady, size } = world.pool(agent.pool);
  const leaving = agents.filter(
    ({ id, state, pool }) =>
      id !== agent.id && pool === agent.pool && state === 'rolling-back' && world.isLeaving(id),
  );
  const limit = Math.max(1, Math.floor((size * settings.inFlight) / 100));
  if (leaving.length >= limit) return `${leaving.length} agents of pool ${agent.pool} go back at the moment.`;
  const readyAfter = ready - 1 - leaving.filter(({ id }) => world.agent(id)?.isReady === true).length;
  return readyAfter < minReady
    ? `Pool ${agent.pool} would have ${readyAfter} ready agents, and minReady is ${minReady}.`
    : undefined;
}
