import type { Rollout, RolloutAgent, RolloutAgentState } from '../rollout.ts';
import { UPDATER_RETURN_MS } from '../updater-return.ts';
import { hasMissedPermission } from './permission.ts';
import type { AgentFacts, World } from './world.ts';

/** Milliseconds for a switch: the agent drains, stops, starts and connects. */
const SWITCH_TIMEOUT_MS = 15 * 60_000;

export function entered(
  agent: RolloutAgent,
  state: RolloutAgentState,
  now: number,
  change: Partial<Pick<RolloutAgent, 'deadline' | 'reason' | 'skipped'>> = {},
): RolloutAgent {
  return {
    ...agent,
    state,
    since: now,
    deadline: undefined,
    reason: undefined,
    skipped: undefined,
    ...change,
  };
}

/** The next state of an agent that is being changed; the same object if nothing has changed. */
export function advanceAgent(
  agent: RolloutAgent,
  rollout: Pick<Rollout, 'settings' | 'target'>,
  world: World,
): RolloutAgent {
  const { now } = world;
  if (agent.state === 'pending' || agent.state === 'failed' || agent.state === 'rolled-back') return agent;
  const facts = world.agent(agent.id);
  if (facts === undefined) {
    return agent.state === 'skipped' ? agent : entered(agent, 'skipped', now, { skipped: 'gone' });
  }
  if (facts.isConnected && !facts.hasReported) return agent;
  switch (agent.state) {
    case 'offered':
    case 'staged':
      return awaitTarget(agent, facts, rollout, now);
    case 'switching':
      return awaitSwitch(agent, facts, rollout, now);
    case 'probation':
      return observe(agent, facts, world);
    case 'updated':
      return keepUpdated(agent, facts, world);
    case 'skipped':
      return takeLate(agent, facts, now);
    default:
      return agent;
  }
}

const inProbation = (agent: RolloutAgent, { settings }: Pick<Rollout, 'settings'>, now: number) =>
  entered(agent, 'probation', now, { deadline: now + settings.probation });

/** Reported by the updater of the host: it has given up, or gone back by itself. */
function givenUp(agent: RolloutAgent, { progress }: AgentFacts, now: number): RolloutAgent | undefined {
  if (progress?.state === 'declined') {
    return entered(agent, 'skipped', now, { skipped: progress.skipped, reason: progress.detail });
  }
  if (progress?.state !== 'failed' && progress?.state !== 'rolled-back') return undefined;
  return entered(agent, 'failed', now, { reason: progress.detail });
}

function awaitTarget(
  agent: RolloutAgent,
  facts: AgentFacts,
  rollout: Pick<Rollout, 'settings' | 'target'>,
  now: number,
): RolloutAgent {
  if (facts.runsTarget && facts.isConnected) return inProbation(agent, rollout, now);
  const failed = givenUp(agent, facts, now);
  if (failed !== undefined) return failed;
  if (facts.isDenied && rollout.target.kind === 'software') {
    return entered(agent, 'skipped', now, { skipped: 'denied-locally' });
  }
  if (
    agent.state === 'offered' &&
    (facts.progress?.state === 'staged' || facts.progress?.state === 'waiting')
  ) {
    return { ...agent, state: 'staged', since: now };
  }
  const isByHand = rollout.target.kind === 'software' && facts.upgrader === 'none';
  if (agent.deadline === undefined || now < agent.deadline) {
    const reason = isByHand ? byHand(rollout.target) : undefined;
    // While its time is stopped, the reason for that is shown.
    return agent.deadline === undefined || agent.reason === reason ? agent : { ...agent, reason };
  }
  if (isByHand) {
    return entered(agent, 'skipped', now, { skipped: 'no-upgrader' });
  }
  const runs = facts.runs === undefined ? '' : ` It runs ${facts.runs}.`;
  return entered(agent, 'failed', now, {
    reason: `It did not run the target in time.${runs}`,
  });
}

/** What an operator has to do, since nothing on the host of the agent switches its version. */
const byHand = ({ version }: Rollout['target']): string =>
  `Nothing on its host upgrades it. Run the image with the tag ${version}, or install that version.`;

function awaitSwitch(
  agent: RolloutAgent,
  facts: AgentFacts,
  rollout: Pick<Rollout, 'settings' | 'target'>,
  now: number,
): RolloutAgent {
  if (facts.runsTarget && facts.isConnected) return inProbation(agent, rollout, now);
  const failed = givenUp(agent, facts, now);
  if (failed !== undefined) return failed;
  if (hasMissedPermission(agent, facts, now)) {
    // It waits for its turn again, until the deadline of its offer.
    return awaitTarget(entered(agent, 'staged', now, { deadline: agent.deadline }), facts, rollout, now);
  }
  if (now < agent.since + SWITCH_TIMEOUT_MS) return agent;
  return entered(agent, 'failed', now, {
    reason: facts.isConnected
      ? `It was to switch, but still runs ${facts.runs ?? 'what it ran'}.`
      : 'It has not connected since it switched.',
  });
}

function observe(agent: RolloutAgent, facts: AgentFacts, world: World): RolloutAgent {
  const { now } = world;
  const failed = givenUp(agent, facts, now) ?? lost(agent, facts, world);
  if (failed !== undefined) return failed;
  if (agent.deadline === undefined || now < agent.deadline) return agent;
  const doubt = world.doubtOf(agent.id);
  if (facts.isConnected && facts.isReady && doubt === undefined) return entered(agent, 'updated', now);
  // As long again for an agent that is away or whose last reading was bad: two in a row decide it.
  if (now < agent.deadline + (agent.deadline - agent.since)) return agent;
  if (!facts.isConnected) {
    const { upgrader, awaySince = agent.since } = facts;
    if (upgrader === 'host' && now < awaySince + UPDATER_RETURN_MS) return agent;
    return entered(agent, 'failed', now, { reason: 'It is disconnected.' });
  }
  return entered(agent, 'failed', now, {
    reason: facts.isReady && doubt !== undefined ? doubt : 'It is connected, but does not accept opens.',
  });
}

function keepUpdated(agent: RolloutAgent, facts: AgentFacts, world: World): RolloutAgent {
  return lost(agent, facts, world) ?? agent;
}

/** What fails an agent that runs the target: a fault, or that it runs something else again. */
function lost(agent: RolloutAgent, facts: AgentFacts, world: World): RolloutAgent | undefined {
  const fault = world.faultOf(agent.id);
  if (fault !== undefined) return entered(agent, 'failed', world.now, { reason: fault });
  if (facts.runsTarget || !facts.isConnected) return undefined;
  return entered(agent, 'failed', world.now, {
    reason: `It runs ${facts.runs ?? 'something else'} again.`,
  });
}

/** An agent that was skipped, but runs the target by now: somebody has deployed it. */
function takeLate(agent: RolloutAgent, facts: AgentFacts, now: number): RolloutAgent {
  const { skipped } = agent;
  const canTake = skipped === 'offline' || skipped === 'no-upgrader' || skipped === 'host';
  return canTake && facts.runsTarget && facts.isConnected ? entered(agent, 'updated', now) : agent;
}
