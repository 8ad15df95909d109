import type { Rollout, RolloutAgent } from '../rollout.ts';
import type { World } from './world.ts';

/**
 * Suspends the deadline of an agent that was offered the target while the rollout is paused or halted, or the window is closed,
 * with a reason that tells when it resumes. One that was permitted to switch may still begin.
 */
export function suspendDeadlines(
  agent: RolloutAgent,
  { settings, override, stage }: Pick<Rollout, 'settings' | 'override' | 'stage'>,
  world: World,
): RolloutAgent {
  if (agent.state !== 'offered' && agent.state !== 'staged' && agent.state !== 'switching') return agent;
  const opening = world.opening(agent.pool);
  const isClosed = !opening.isOpen && override === undefined && !world.finishesLate(agent.pool);
  const isStopped = stage.state === 'paused' || stage.state === 'halted';
  if (!isStopped && !isClosed) {
    if (agent.deadline !== undefined) return agent;
    return { ...agent, deadline: world.now + settings.deadline, reason: undefined };
  }
  const why = opening.isOpen || !isClosed ? `The rollout is ${stage.state}.` : waitingText(opening);
  const reason = agent.state === 'switching' ? undefined : why;
  if (agent.deadline === undefined && agent.reason === reason) return agent;
  return { ...agent, deadline: undefined, reason };
}

const waitingText = ({ because, opensAt }: { because: string; opensAt: number | undefined }) =>
  opensAt === undefined ? because : `${because} It continues at ${new Date(opensAt).toISOString()}.`;
