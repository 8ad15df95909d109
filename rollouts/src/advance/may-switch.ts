import type { Rollout, RolloutAgent } from '../rollout.ts';
import { entered } from './advance-agent.ts';
import { mayReturn } from './may-return.ts';
import { permissionEnd, SWITCH_START_MS } from './permission.ts';
import type { World } from './world.ts';

export type SwitchDecision =
  | { readonly kind: 'go'; readonly agent: RolloutAgent; readonly until: number }
  /** `isBrief`: until other agents have switched, rather than until a time or an operator decides. */
  | { readonly kind: 'wait'; readonly because: string; readonly isBrief?: true };

/**
 * Whether an agent may switch now: to the target that it has staged, if its window is open and its pool can spare it, or back
 * to what it ran before.
 */
export function maySwitch(
  agent: RolloutAgent,
  agents: readonly RolloutAgent[],
  rollout: Pick<Rollout, 'stage' | 'override' | 'settings'>,
  world: World,
): SwitchDecision {
  const { now } = world;
  const { stage, override } = rollout;
  if (world.agent(agent.id)?.hasReported === false) {
    return { kind: 'wait', because: 'The gateway does not know yet what its host permits.', isBrief: true };
  }
  if (agent.state === 'rolling-back') {
    const because = mayReturn(agent, agents, rollout, world);
    return because === undefined
      ? { kind: 'go', agent, until: now + SWITCH_START_MS }
      : { kind: 'wait', because, isBrief: true };
  }
  if (agent.state !== 'offered' && agent.state !== 'staged' && agent.state !== 'switching') {
    return { kind: 'wait', because: `The agent is ${agent.state}.` };
  }
  if (stage.state !== 'canary' && stage.state !== 'group') {
    return { kind: 'wait', because: `The rollout is ${stage.state}.` };
  }
  // A question that is repeated gets the same permission again, and another one when that has passed.
  const isPermitted = agent.state === 'switching' && now < permissionEnd(agent);
  if (!isPermitted && agent.deadline !== undefined && now >= agent.deadline) {
    return { kind: 'wait', because: 'Its deadline has passed.' };
  }
  const opening = world.opening(agent.pool);
  const isRegardless = override !== undefined && world.agent(agent.id)?.needsWindow !== true;
  if (!opening.isOpen && !isRegardless && !world.finishesLate(agent.pool)) {
    return { kind: 'wait', because: opening.because };
  }
  const { ready, minReady } = world.pool(agent.pool);
  const leaving = [
    agent,
    ...agents.filter(
      ({ id, state, pool }) => id !== agent.id && state === 'switching' && pool === agent.pool,
    ),
  ];
  const readyAfter = ready - leaving.filter(({ id }) => world.agent(id)?.isReady === true).length;
  if (override === undefined && readyAfter < minReady) {
    return {
      kind: 'wait',
      because: `Pool ${agent.pool} would have ${readyAfter} ready agents, and minReady is ${minReady}.`,
      isBrief: true,
    };
  }
  const end = isPermitted ? permissionEnd(agent) : now + SWITCH_START_MS;
  const closes = opening.isOpen && override === undefined ? opening.until : undefined;
  return {
    kind: 'go',
    agent: isPermitted ? agent : entered(agent, 'switching', now, { deadline: agent.deadline }),
    until: closes === undefined ? end : Math.min(end, closes),
  };
}
