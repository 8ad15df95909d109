import type {
  NewRollout as NewRolloutBody,
  RolloutAgentResource,
  RolloutDetail,
  RolloutPreview,
  RolloutResource,
} from '@penstock/api-schema';
import { type Opening, type Plan, type RolloutAgent, rolloutAgentStates } from '@penstock/rollouts';
import { ProblemError } from '@penstock/wire';
import type { StoredRollout } from '../rollouts/rollout-rows.ts';
import type { NewRollout } from '../rollouts/rollouts.ts';
import { timestamp } from './timestamp.ts';

const SECOND_MS = 1_000;
const milliseconds = (seconds: number | undefined) =>
  seconds === undefined ? undefined : seconds * SECOND_MS;

/** Throws ProblemError unless there is exactly one target. */
export function newRolloutOf({ config, software, settings = {}, onFailure }: NewRolloutBody): NewRollout {
  const target =
    config !== undefined && software === undefined
      ? ({ kind: 'config', ...config } as const)
      : software !== undefined && config === undefined
        ? ({ kind: 'software', ...software } as const)
        : undefined;
  if (target === undefined) {
    throw new ProblemError(
      'REQUEST_INVALID',
      'The request is invalid: body must have either config or software.',
    );
  }
  const requested = {
    canary: settings.canaryPercent,
    soak: milliseconds(settings.soakSeconds),
    groupSoak: milliseconds(settings.groupSoakSeconds),
    inFlight: settings.inFlightPercent,
    deadline: milliseconds(settings.deadlineSeconds),
    probation: milliseconds(settings.probationSeconds),
    maxFailed: settings.maxFailedPercent,
  };
  const known = Object.fromEntries(Object.entries(requested).filter(([, value]) => value !== undefined));
  return { target, settings: known, onFailure: onFailure ?? 'roll-back' };
}

const settingsOf = ({ settings }: StoredRollout) => ({
  canaryPercent: settings.canary,
  soakSeconds: settings.soak / SECOND_MS,
  groupSoakSeconds: settings.groupSoak / SECOND_MS,
  inFlightPercent: settings.inFlight,
  deadlineSeconds: settings.deadline / SECOND_MS,
  probationSeconds: settings.probation / SECOND_MS,
  maxFailedPercent: settings.maxFailed,
});

export function rolloutResource(rollout: StoredRollout): RolloutResource {
  const { id, target, pools, stage, groups, override, onFailure } = rollout;
  return {
    id,
    kind: target.kind,
    version: String(target.version),
    ...(target.kind === 'config' && { digest: target.digest }),
    pools: [...pools],
    ...stageFields(stage),
    groups,
    ...(override !== undefined && { overriddenBy: override.by }),
    onFailure,
    settings: settingsOf(rollout),
    createdAt: timestamp(rollout.createdAt),
    createdBy: rollout.createdBy,
    updatedAt: timestamp(rollout.updatedAt),
  };
}

function stageFields(stage: StoredRollout['stage']) {
  const { state } = stage;
  return {
    state,
    ...('group' in stage && { group: stage.group }),
    ...('phase' in stage && { phase: stage.phase }),
    ...('until' in stage && { until: timestamp(stage.until) }),
    ...('because' in stage && { waitsFor: stage.because }),
    ...('opensAt' in stage && stage.opensAt !== undefined && { opensAt: timestamp(stage.opensAt) }),
    ...('reason' in stage && stage.reason !== undefined && { reason: stage.reason }),
    ...('by' in stage && { by: stage.by }),
  };
}

export function rolloutDetail(rollout: StoredRollout, agents: readonly RolloutAgent[]): RolloutDetail {
  const counts = Object.fromEntries(rolloutAgentStates.map((state) => [state, 0])) as RolloutDetail['counts'];
  for (const { state } of agents) counts[state] += 1;
  return {
    ...rolloutResource(rollout),
    counts,
    agents: agents.map((agent) => agentResource(agent, rollout)),
  };
}

function agentResource(agent: RolloutAgent, { target }: StoredRollout): RolloutAgentResource {
  const { id, name, pool, group, state, since, deadline, skipped, reason, before } = agent;
  const action = actionFor(agent, target);
  return {
    id,
    name,
    pool,
    group,
    state,
    since: timestamp(since),
    ...(deadline !== undefined && { deadline: timestamp(deadline) }),
    ...(skipped !== undefined && { skipped }),
    ...(reason !== undefined && { reason }),
    ...(before !== undefined && { before }),
    ...(action !== undefined && { action }),
  };
}

/** What somebody has to do, where the control plane cannot. */
function actionFor(
  { state, skipped, before }: RolloutAgent,
  target: StoredRollout['target'],
): string | undefined {
  if (target.kind === 'config') {
    if (state === 'offered') return `Deploy version ${target.version} of its file.`;
    if (state === 'rolling-back') return `Deploy ${before ?? 'the previous version'} of its file again.`;
    return undefined;
  }
  return skipped === 'no-upgrader' ? `Run the image with the tag ${target.version}.` : undefined;
}

export function rolloutPreview(
  { agents, groups, rollout }: Plan & { readonly rollout: StoredRollout },
  opening: Opening,
): RolloutPreview {
  const members = agents.filter(({ state }) => state !== 'skipped');
  return {
    kind: rollout.target.kind,
    version: String(rollout.target.version),
    pools: [...rollout.pools],
    settings: settingsOf(rollout),
    groups: Array.from({ length: groups + 1 }, (_, group) => ({
      group,
      agents: members.filter((each) => each.group === group).map(({ name }) => name),
    })),
    skipped: agents.flatMap(({ name, skipped }) => (skipped === undefined ? [] : [{ name, skipped }])),
    ...(!opening.isOpen && {
      waitsFor: opening.because,
      ...(opening.opensAt !== undefined && { opensAt: timestamp(opening.opensAt) }),
    }),
  };
}
