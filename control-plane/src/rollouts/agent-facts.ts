import {
  type AgentFacts,
  type Candidate,
  isRetriable,
  type Reading,
  type RolloutAgent,
  type RolloutTarget,
  type SkipReason,
} from '@penstock/rollouts';
import { isUpgradeCode, isVersionFailure, type UpgradeStatus, upgradeCodes } from '@penstock/wire';
import type { AgentView } from '../fleet/agent-view.ts';
import type { AgentOpens } from './agent-opens.ts';

const ACCEPTING: ReadonlySet<AgentView['state']> = new Set(['connected', 'degraded', 'stale']);

export function runsTarget({ config, softwareVersion }: AgentView, target: RolloutTarget): boolean {
  if (target.kind === 'software') return softwareVersion === target.version;
  return config?.version === target.version && config.digest === target.digest;
}

/** What an agent runs, for people; undefined while that is not known. */
export function runsText(
  { config, softwareVersion }: AgentView,
  kind: RolloutTarget['kind'],
): string | undefined {
  if (kind === 'software') return softwareVersion;
  return config && `version ${config.version}`;
}

/** `reportBefore`: the time of the last report about an earlier attempt. It and older ones say nothing any more. */
export function factsOf(
  view: AgentView,
  rollout: string,
  target: RolloutTarget,
  reportBefore: number | undefined,
): AgentFacts {
  const { upgrade } = view;
  const isOfRollout = upgrade?.rollout === rollout && upgrade.since > (reportBefore ?? -1);
  const isConnected = view.connectedSince !== undefined;
  // One that stays silent is judged by what is known.
  const isStale = view.reasons.some(({ state }) => state === 'stale');
  return {
    isConnected,
    hasReported: target.kind === 'config' || view.hasReported || isStale,
    awaySince: isConnected ? undefined : view.since,
    isReady: isConnected && ACCEPTING.has(view.state),
    runsTarget: runsTarget(view, target),
    runs: runsText(view, target.kind),
    isDenied: upgrade?.policy === 'deny',
    needsWindow: upgrade?.policy === 'window',
    upgrader: target.kind === 'software' ? (upgrade?.upgrader ?? 'none') : 'none',
    progress: isOfRollout ? progressOf(upgrade) : undefined,
  };
}

/** What the agents that a retry takes have reported of a rollout last, by the time that each report names. */
export function reportsOfRetried(
  rollout: string,
  agents: readonly Pick<RolloutAgent, 'id' | 'state' | 'skipped'>[],
  fleet: { agentById(id: string): AgentView | undefined },
): Readonly<Record<string, number>> {
  const reports: Record<string, number> = {};
  for (const { id } of agents.filter(isRetriable)) {
    const upgrade = fleet.agentById(id)?.upgrade;
    if (upgrade?.rollout === rollout) reports[id] = upgrade.since;
  }
  return reports;
}

const skippedBy: Readonly<Partial<Record<string, SkipReason>>> = {
  NO_UPGRADER: 'no-upgrader',
  DENIED_LOCALLY: 'denied-locally',
  PINNED: 'pinned',
};

/** Codes after which an agent can be offered the same version again. */
const AGAIN: ReadonlySet<string> = new Set(['BUSY', 'CANCELLED', 'WINDOW_CLOSED']);

function progressOf({ state, code = '', detail }: UpgradeStatus): AgentFacts['progress'] {
  switch (state) {
    case 'staged':
    case 'waiting':
    case 'switching':
    case 'probation':
    case 'committed':
      return { state };
    case 'failed':
    case 'rolled-back': {
      if (AGAIN.has(code)) return undefined;
      const sentence = isUpgradeCode(code) ? upgradeCodes[code] : 'The upgrade failed.';
      const text = [`${code}: ${sentence}`, detail].filter((part) => part !== undefined).join(' ');
      if (isVersionFailure(code)) return { state, detail: text };
      return { state: 'declined', skipped: skippedBy[code] ?? 'host', detail: text };
    }
    default:
      return undefined;
  }
}

/**
 * An agent before a rollout, with the reason for which it does not take part. Unless `isFleetWhole`, one without a session may be
 * connected to a replica out of reach.
 */
export function candidateOf(view: AgentView, target: RolloutTarget, isFleetWhole: boolean): Candidate {
  const { id, name, pool, platform } = view;
  const skipped = skipReasonOf(view, target);
  const isAway = skipped === undefined && view.connectedSince === undefined;
  return {
    id,
    name,
    pool,
    // The operating system without its release.
    platform: platform && `${platform.os.split(' ', 1)[0]} ${platform.arch}`,
    runs: runsText(view, target.kind),
    skipped: isAway && isFleetWhole ? 'offline' : skipped,
    isAway,
  };
}

function skipReasonOf(view: AgentView, target: RolloutTarget): SkipReason | undefined {
  if (target.kind === 'config') {
    if (view.pin?.scope === 'agent') return 'pinned';
  } else {
    if (runsTarget(view, target)) return 'current';
    if (view.upgrade?.policy === 'deny') return 'denied-locally';
    if (view.upgrade?.pinned !== undefined && view.upgrade.pinned !== target.version) return 'pinned';
  }
  return undefined;
}

/** `now` is in milliseconds since 1970. */
export function readingOf(
  view: AgentView,
  target: RolloutTarget,
  opens: Pick<AgentOpens, 'of'>,
  now: number,
): Reading {
  const isConnected = view.connectedSince !== undefined;
  return {
    isConnected,
    away: isConnected ? 0 : Math.max(0, now - view.since),
    hasUpdater: target.kind === 'software' && view.upgrade?.upgrader === 'host',
    boot: view.boots.at(-1)?.id,
    failing: new Set(view.checks.flatMap(({ connector, reach }) => (reach === 'ready' ? [] : [connector]))),
    connectors: view.connectors && new Set(view.connectors.map(({ name }) => name)),
    memoryBytes: view.memory?.processBytes,
    opens: opens.of(view.name),
  };
}
