import type { RolloutAgent, RolloutSettings, SkipReason } from '../rollout.ts';
import { inRolloutOrder } from './order.ts';

/** An agent as the plan sees it. */
export type Candidate = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  /** Operating system and architecture; undefined for an agent that has not connected to this gateway. */
  readonly platform: string | undefined;
  /** What it runs now, for people. */
  readonly runs: string | undefined;
  /** Why it does not take part. */
  readonly skipped: SkipReason | undefined;
  /** Takes part, but cannot be reached at the moment: it is a canary only if no other agent of its platform can be. */
  readonly isAway: boolean;
};

export type Plan = {
  readonly agents: readonly RolloutAgent[];
  /** The number of groups after the canaries. */
  readonly groups: number;
};

/** Canaries that `canary` may ask for. There are more if the fleet has more platforms. */
export const MAX_CANARIES = 5;

/**
 * Divides the agents into canaries and groups, in an order that depends on `seed`. One made of what is rolled out spares the same
 * hosts from always trying what is new, and gives a preview the order of the rollout that follows it.
 */
export function planRollout(
  seed: string,
  candidates: readonly Candidate[],
  settings: Pick<RolloutSettings, 'canary' | 'groups'>,
  now: number,
): Plan {
  const eligible = inRolloutOrder(
    seed,
    candidates.filter(({ skipped }) => skipped === undefined),
  );
  const canaries = chooseCanaries(eligible, settings.canary);
  const others = eligible.filter((each) => !canaries.has(each));
  const agentOf = (candidate: Candidate, group: number): RolloutAgent => ({
    id: candidate.id,
    name: candidate.name,
    pool: candidate.pool,
    group,
    state: candidate.skipped === undefined ? 'pending' : 'skipped',
    since: now,
    deadline: undefined,
    skipped: candidate.skipped,
    reason: undefined,
    before: candidate.runs,
  });
  const planned = [...canaries].map((each) => agentOf(each, 0));
  let group = 0;
  let reached = 0;
  for (const percent of settings.groups) {
    const end = Math.ceil((others.length * percent) / 100);
    if (end <= reached) continue;
    group += 1;
    for (const each of others.slice(reached, end)) planned.push(agentOf(each, group));
    reached = end;
  }
  const skipped = candidates.filter((each) => each.skipped !== undefined).map((each) => agentOf(each, 0));
  return { agents: [...planned, ...skipped], groups: group };
}

/** The first of each platform, and as many more as the share asks for. Those that are away come last. */
function chooseCanaries(eligible: readonly Candidate[], percent: number): ReadonlySet<Candidate> {
  const wanted = Math.min(MAX_CANARIES, Math.max(1, Math.ceil((eligible.length * percent) / 100)));
  const present = eligible.filter(({ isAway }) => !isAway);
  const ordered = [...present, ...eligible.filter(({ isAway }) => isAway)];
  const platforms = new Set<string | undefined>();
  const chosen = new Set<Candidate>();
  for (const each of ordered) {
    if (platforms.has(each.platform)) continue;
    platforms.add(each.platform);
    chosen.add(each);
  }
  for (const each of present.length > 0 ? present : ordered) {
    if (chosen.size >= wanted) break;
    chosen.add(each);
  }
  return chosen;
}
