import type { Rollout, RolloutAgent } from '../rollout.ts';
import { entered } from './advance-agent.ts';
import type { AgentFacts, World } from './world.ts';

/** States of agents that may run the target. */
const CHANGED: ReadonlySet<RolloutAgent['state']> = new Set([
  'offered',
  'staged',
  'switching',
  'probation',
  'updated',
  'failed',
]);

/** Whether an agent runs what it ran before, and is not about to switch: permission to do so may be on its way. */
function isBack({ isConnected, hasReported, runsTarget, progress }: AgentFacts): boolean {
  const maySwitch =
    progress?.state === 'staged' || progress?.state === 'waiting' || progress?.state === 'switching';
  return isConnected && hasReported && !runsTarget && !maySwitch;
}

/** Has agents go back to what they ran before, and notices those that have. */
export function returnAgents(
  agents: readonly RolloutAgent[],
  { settings }: Pick<Rollout, 'settings'>,
  world: World,
): readonly RolloutAgent[] {
  const { now } = world;
  return agents.map((agent) => {
    const facts = world.agent(agent.id);
    if (agent.state === 'pending') return agent;
    if (CHANGED.has(agent.state)) {
      if (agent.state === 'failed' && agent.deadline !== undefined) return agent;
      // What it waited for does not matter any more.
      const reason = agent.state === 'failed' ? agent.reason : undefined;
      // An agent that is away may run either; it has time to return.
      if (facts === undefined || isBack(facts)) {
        return entered(agent, 'rolled-back', now, { reason });
      }
      return entered(agent, 'rolling-back', now, { deadline: now + settings.deadline, reason });
    }
    if (agent.state !== 'rolling-back') return agent;
    if (facts === undefined || isBack(facts)) {
      return entered(agent, 'rolled-back', now, { reason: agent.reason });
    }
    if (agent.deadline === undefined || now < agent.deadline) return agent;
    // Its pool cannot spare it yet.
    if (facts.isConnected && facts.progress?.state === 'waiting') return agent;
    const still = facts.isConnected ? 'It still runs the target.' : 'It has not connected since.';
    return entered(agent, 'failed', now, {
      // A deadline in the past marks an agent that was to go back and did not.
      deadline: agent.deadline,
      reason: agent.reason === undefined ? still : `${agent.reason} ${still}`,
    });
  });
}
