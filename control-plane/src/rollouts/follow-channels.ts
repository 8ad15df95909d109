import type { Pool } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import { errorText, ProblemError } from '@penstock/wire';
import { CHANNEL_ACTOR_PREFIX } from '../actor.ts';
import type { AgentView } from '../fleet/agent-view.ts';
import { isOlderRelease } from '../fleet/older-release.ts';
import type { ControlPlaneLog } from '../observe/event.ts';
import { RolloutProblem } from './rollout-problem.ts';
import type { Rollouts } from './rollouts.ts';

export type FollowChannelsOptions = {
  readonly rollouts: Pick<Rollouts, 'open' | 'list' | 'create' | 'cancel'>;
  readonly fleet: { agentsAfter(cursor: string): Iterable<AgentView> };
  readonly pools: () => readonly Pick<Pool, 'name' | 'upgrade'>[];
  /** The newest release that this gateway has, verified; undefined without any. */
  readonly latestRelease: () => Promise<string | undefined>;
  /** False while another gateway on the same store does it. */
  readonly isLeader: () => boolean;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

const INTERVAL_MS = 60_000;
/** Rollouts that are searched for one that has brought a version already. */
const MAX_RECENT = 500;

/** Who creates the rollouts of a channel, in the audit trail and in approvals. */
export const channelActor = (channel: string): string => `${CHANNEL_ACTOR_PREFIX}${channel}`;

/**
 * Rolls out new releases in the pools that follow a channel, each version once: one that was rolled back or cancelled is not
 * tried again. Returns what stops it, and resolves when nothing runs.
 */
export function followChannels(options: FollowChannelsOptions): () => Promise<void> {
  const { clock, log } = options;
  let running: Promise<void> = Promise.resolve();
  let stopTimer = () => {};
  let lastFailure: string | undefined;
  const round = async () => {
    try {
      await look(options);
      lastFailure = undefined;
    } catch (error) {
      const detail = errorText(error);
      // Once, and not every minute.
      if (detail !== lastFailure) log('channel-failed', { detail });
      lastFailure = detail;
    }
  };
  const schedule = () => {
    stopTimer = clock.after(INTERVAL_MS, () => {
      running = running.then(round);
      schedule();
    });
  };
  schedule();
  return async () => {
    stopTimer();
    await running;
  };
}

async function look(options: FollowChannelsOptions): Promise<void> {
  const { pools, isLeader, latestRelease } = options;
  const following = pools().filter(({ upgrade }) => upgrade.channel !== undefined);
  if (following.length === 0 || !isLeader()) return;
  const version = await latestRelease();
  if (version === undefined) return;
  const failures: unknown[] = [];
  for (const { name, upgrade } of following) {
    if (upgrade.channel === 'stable' && version.includes('-')) continue;
    await offer(name, upgrade.channel ?? '', version, options).catch((error: unknown) =>
      failures.push(error),
    );
  }
  if (failures.length > 0) throw failures[0];
}

async function offer(
  pool: string,
  channel: string,
  version: string,
  { rollouts, fleet }: FollowChannelsOptions,
): Promise<void> {
  if (!isNewIn(pool, version, fleet.agentsAfter(''))) return;
  const recent = await rollouts.list({ onlyOpen: false, limit: MAX_RECENT });
  const isKnown = recent.some(
    ({ target, pools }) => target.kind === 'software' && target.version === version && pools.includes(pool),
  );
  if (isKnown) return;
  const actor = channelActor(channel);
  for (const { rollout } of rollouts.open) {
    if (!rollout.pools.includes(pool)) continue;
    // An older release that nobody has approved gives way; any other rollout is waited for.
    if (rollout.stage.state !== 'draft' || rollout.createdBy !== actor) return;
    await rollouts.cancel(rollout.id, false, { id: actor });
  }
  try {
    await rollouts.create(
      { target: { kind: 'software', pools: [pool], version }, settings: {}, onFailure: 'roll-back' },
      { id: actor, role: 'operator' },
    );
  } catch (error) {
    // Somebody else was faster.
    if (error instanceof RolloutProblem && error.code === 'ROLLOUT_CONFLICT') return;
    throw error instanceof ProblemError ? new Error(`${version} in pool ${pool}: ${error.message}`) : error;
  }
}

/** Whether an agent of the pool runs something older, and none has to be brought back for it. */
function isNewIn(pool: string, version: string, agents: Iterable<AgentView>): boolean {
  for (const { pool: own, state, softwareVersion } of agents) {
    if (own !== pool || state === 'revoked' || softwareVersion === undefined) continue;
    if (isOlderRelease(softwareVersion, version)) return true;
  }
  return false;
}
