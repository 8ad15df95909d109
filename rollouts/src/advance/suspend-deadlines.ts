import type { Rollout, RolloutAgent } from '../rollout.ts';
import { entered } from './advance-agent.ts';
import { SWITCH_START_MS } from './may-switch.ts';
import type { World } from './world.ts';

/**
 * Stops the time of an agent that was offered the target and must wait: the rollout is paused or halted, or the window has
 * closed. One that was permitted to switch and did not begin in time waits again. Its time starts again when it may go on. A
 * reason tells when that is.
 */
export function suspendDeadlines(
  agent: RolloutAgent,
  { settings, override, stage }: Pick<Rollout, 'settings' | 'override' | 'stage'>,
  world: World,
): RolloutAgent {
  if (agent.state !== 'offered' && agent.state !== 'staged' && !isLate(agent, world)) return agent;
  const opening = world.opening(agent.pool);
  const isClosed = !opening.isOpen && override === undefined && !world.finishesLate(agent.pool);
  const isStopped = stage.state === 'paused' || stage.state === 'halted';
  if (isStopped || isClosed) {
    const reason = opening.isOpen || !isClosed ? `The rollout is ${stage.state}.` : waitingText(opening);
    if (agent.state === 'switching') return entered(agent, 'staged', world.now, { reason });
    if (agent.deadline === undefined && agent.reason === reason) return agent;
    return { ...agent, deadline: undefined, reason };
  }
  if (agent.state === 'switching' || agent.deadline !== undefined) return agent;
  return { ...agent, deadline: world.now + settings.deadline, reason: undefined };
}

/** Whether an agent that was permitted to switch did not begin in time, and asks again. */
function isLate({ id, state, since }: RolloutAgent, world: World): boolean {
  if (state !== 'switching' || world.now < since + SWITCH_START_MS) return false;
  const progress = world.agent(id)?.progress?.state;
  return progress === 'staged' || progress === 'waiting';
}

const waitingText = ({ because, opensAt }: { because: string; opensAt: number | undefined }) =>
  opensAt === undefined ? because : `${because} It continues at ${new Date(opensAt).toISOString()}.`;
