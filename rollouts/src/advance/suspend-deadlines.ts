import type { Rollout, RolloutAgent } from '../rollout.ts';
import type { World } from './world.ts';

/**
 * Stops the time of an agent that was offered the target and must wait: the rollout is paused or halted, or the window has
 * closed.
 Its time starts again when it may go on. A reason tells when that is.
 */
export function suspendDeadlines(
  agent: RolloutAgent,
  { settings, override, stage }: Pick<Rollout, 'settings' | 'override' | 'stage'>,
  world: World,
): RolloutAgent {
  if (agent.state !== 'offered' && agent.state !== 'staged') return agent;
  const opening = world.opening(agent.pool);
  const isClosed = !opening.isOpen && override === undefined && !world.finishesLate(agent.pool);
  const isStopped = stage.state === 'paused' || stage.state === 'halted';
  if (isStopped || isClosed) {
    const reason = opening.isOpen || !isClosed ? `The rollout is ${stage.state}.` : waitingText(opening);
    if (agent.deadline === undefined && agent.reason === reason) return agent;
    return { ...agent, deadline: undefined, reason };
  }
  if (agent.deadline !== undefined) return agent;
  return { ...agent, deadline: world.now + settings.deadline, reason: undefined };
}

const waitingText = ({ because, opensAt }: { because: string; opensAt: number | undefined }) =>
  opensAt === undefined ? because : `${because} It continues at ${new Date(opensAt).toISOString()}.`;
