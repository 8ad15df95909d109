import { type ActiveStage, isSettled, type Rollout, type RolloutAgent, type Stage } from '../rollout.ts';
import { advanceAgent } from './advance-agent.ts';
import { returnAgents } from './return-agents.ts';
import { startAgents } from './start-agents.ts';
import { suspendDeadlines } from './suspend-deadlines.ts';
import type { World } from './world.ts';

export type Advanced = { readonly rollout: Rollout; readonly agents: readonly RolloutAgent[] };

export const CANARY_GROUP = 0;

/**
 * The next step of a rollout, from what is stored and what the fleet shows. Returns the same objects where nothing has
 * changed. It keeps nothing itself, so that any process can take the next step.
 */
export function advance(rollout: Rollout, agents: readonly RolloutAgent[], world: World): Advanced {
  const { stage } = rollout;
  switch (stage.state) {
    case 'approved':
      return advanceActive(withStage(rollout, { state: 'canary', phase: 'active' }), agents, world);
    case 'canary':
    case 'soaking':
    case 'group':
      return advanceActive(rollout, agents, world);
    case 'paused':
      // What has begun goes on and is judged; nothing is started.
      return haltIfFailed(rollout, observed(rollout, agents, world), stage.from, world);
    case 'halted':
      // Nothing is started, but what has begun ends, so that a retry takes all agents that have failed.
      return rollout.onFailure === 'halt'
        ? { rollout, agents: observed(rollout, agents, world) }
        : { rollout: withStage(rollout, { state: 'rolling-back', reason: stage.reason }), agents };
    case 'rolling-back':
      return rollBack(rollout, stage.reason, agents, world);
    default:
      return { rollout, agents };
  }
}

export const withStage = (rollout: Rollout, stage: Stage): Rollout => ({ ...rollout, stage });

function observed(rollout: Rollout, agents: readonly RolloutAgent[], world: World): readonly RolloutAgent[] {
  return agents.map((agent) => suspendDeadlines(advanceAgent(agent, rollout, world), rollout, world));
}

function advanceActive(rollout: Rollout, before: readonly RolloutAgent[], world: World): Advanced {
  const agents = observed(rollout, before, world);
  const stage = rollout.stage as ActiveStage;
  const { rollout: judged } = haltIfFailed(rollout, agents, stage, world);
  if (judged.stage.state === 'halted') return { rollout: judged, agents };
  if ('until' in stage) {
    if (world.now < stage.until) return { rollout, agents };
    return { rollout: afterSoak(rollout, stage), agents };
  }
  const group = stage.state === 'group' ? stage.group : CANARY_GROUP;
  const members = agents.filter((agent) => agent.group === group);
  if (members.every(isSettled)) return { rollout: afterGroup(rollout, group, members, world.now), agents };
  const started = startAgents(group, agents, rollout, world);
  return { rollout: withPhase(rollout, stage, group, started.waiting), agents: started.agents };
}

/** The stage with its reason to wait; the same rollout if it has not changed. */
function withPhase(
  rollout: Rollout,
  stage: ActiveStage,
  group: number,
  waiting: ReturnType<typeof startAgents>['waiting'],
): Rollout {
  const place = group === CANARY_GROUP ? { state: 'canary' as const } : { state: 'group' as const, group };
  const next: ActiveStage =
    waiting === undefined
      ? { ...place, phase: 'active' }
      : { ...place, phase: 'waiting-window', opensAt: waiting.opensAt, because: waiting.because };
  return JSON.stringify(next) === JSON.stringify(stage) ? rollout : withStage(rollout, next);
}

function afterGroup(rollout: Rollout, group: number, members: readonly RolloutAgent[], now: number): Rollout {
  const { settings, groups } = rollout;
  const took = members.some(({ state }) => state === 'updated');
  if (group === CANARY_GROUP) {
    if (took) return withStage(rollout, { state: 'soaking', until: now + settings.soak });
    const reason =
      members.length === 0
        ? 'No agent takes part in this rollout.'
        : 'No canary runs the target, so nothing is known about it.';
    return withStage(rollout, { state: 'halted', reason, at: now, from: rollout.stage as ActiveStage });
  }
  if (group >= groups) return withStage(rollout, { state: 'done' });
  const until = now + (took ? settings.groupSoak : 0);
  return withStage(rollout, { state: 'group', group, phase: 'soaking', until });
}

function afterSoak(rollout: Rollout, stage: ActiveStage): Rollout {
  const next = stage.state === 'group' ? stage.group + 1 : 1;
  if (next > rollout.groups) return withStage(rollout, { state: 'done' });
  return withStage(rollout, { state: 'group', group: next, phase: 'active' });
}

/** Halts a rollout whose canary, or too large a share of a group, has failed. */
function haltIfFailed(
  rollout: Rollout,
  agents: readonly RolloutAgent[],
  from: ActiveStage,
  { now }: Pick<World, 'now'>,
): Advanced {
  const reason = failureOf(agents, rollout);
  if (reason === undefined) return { rollout, agents };
  return { rollout: withStage(rollout, { state: 'halted', reason, at: now, from }), agents };
}

function failureOf(agents: readonly RolloutAgent[], { settings, groups }: Rollout): string | undefined {
  for (let group = CANARY_GROUP; group <= groups; group += 1) {
    const members = agents.filter((agent) => agent.group === group && agent.state !== 'skipped');
    const failed = members.filter(({ state }) => state === 'failed');
    const [first] = failed;
    if (first === undefined) continue;
    if (group === CANARY_GROUP) return `Canary ${first.name} failed: ${first.reason}`;
    if (failed.length * 100 >= members.length * settings.maxFailed) {
      return `${failed.length} of ${members.length} agents of group ${group} failed, ${first.name} first: ${first.reason}`;
    }
  }
  return undefined;
}

function rollBack(rollout: Rollout, reason: string, before: readonly RolloutAgent[], world: World): Advanced {
  const agents = returnAgents(before, rollout, world);
  const isOver = agents.every(({ state }) => state !== 'rolling-back');
  return { rollout: isOver ? withStage(rollout, { state: 'rolled-back', reason }) : rollout, agents };
}

/** What an operator may have a rollout do. Throws nothing: returns undefined if its state does not permit it. */
export function pause(
  rollout: Rollout,
  by: string,
  reason: string | undefined,
  at: number,
): Rollout | undefined {
  const { stage } = rollout;
  if (
    stage.state !== 'approved' &&
    stage.state !== 'canary' &&
    stage.state !== 'soaking' &&
    stage.state !== 'group'
  ) {
    return undefined;
  }
  return withStage(rollout, { state: 'paused', by, reason, at, from: stage });
}

/** Continues after a pause. The time that a soak had left is left again. */
export function resume(rollout: Rollout, now: number): Rollout | undefined {
  const { stage } = rollout;
  if (stage.state !== 'paused') return undefined;
  const { from, at } = stage;
  return withStage(rollout, 'until' in from ? { ...from, until: from.until + (now - at) } : from);
}

/** Stops a rollout where it is, or has it go back. */
export function cancel(rollout: Rollout, by: string, goBack: boolean): Rollout | undefined {
  const { state } = rollout.stage;
  if (state === 'done' || state === 'cancelled' || state === 'rolled-back' || state === 'rolling-back') {
    return undefined;
  }
  if (!goBack || state === 'draft') return withStage(rollout, { state: 'cancelled', by });
  return withStage(rollout, { state: 'rolling-back', reason: `Cancelled by ${by}.` });
}
