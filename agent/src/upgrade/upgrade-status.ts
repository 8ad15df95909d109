import type { Journal, UpdaterProblem } from '@penstock/updater';
import { limits, type UpgradeCode, type UpgradeState, type UpgradeStatus } from '@penstock/wire';
import type { Upgrader } from './find-upgrader.ts';

/** What the control plane has asked for. */
export type Offer = {
  readonly rollout: string;
  readonly to: string;
  readonly back: boolean;
  readonly retry: boolean;
};

/** What this agent is doing about an offer. The updater's own phases are in its journal. */
export type Work =
  | { readonly name: 'none' }
  | {
      readonly name: 'fetching';
      readonly offer: Offer;
      readonly since: number;
      readonly abort: AbortController;
      readonly fetched: UpgradeStatus['fetched'];
    }
  /** The updater has been asked to verify and copy. */
  | { readonly name: 'staging'; readonly offer: Offer; readonly since: number }
  | {
      readonly name: 'waiting';
      readonly offer: Offer;
      readonly since: number;
      readonly code: string | undefined;
      readonly detail: string | undefined;
    }
  /** The updater has been asked to switch. */
  | { readonly name: 'going'; readonly offer: Offer; readonly since: number }
  | {
      readonly name: 'refused';
      readonly offer: Offer;
      readonly since: number;
      readonly code: UpgradeCode;
      readonly detail: string;
    };

export type StatusSources = {
  readonly upgrader: Upgrader;
  readonly policy: UpgradeStatus['policy'];
  readonly pinned: string | undefined;
  readonly work: Work;
  readonly journal: Journal | undefined;
  /** What keeps the updater from going on. */
  readonly problem: UpdaterProblem | undefined;
  readonly running: string;
};

const MAX_DETAIL = 256;
/** Short, because each heartbeat repeats them. */
const MAX_VERSIONS = Math.min(4, limits.reportedVersions);

/** What heartbeats report about upgrades. */
export function upgradeStatus({
  upgrader,
  policy,
  pinned,
  work,
  journal,
  problem,
  running,
}: StatusSources): UpgradeStatus {
  const part = ofWork(work, journal, running) ?? ofJournal(journal);
  return {
    upgrader: upgrader.kind,
    ...(upgrader.kind === 'none' && { absence: upgrader.absence }),
    policy,
    ...(pinned !== undefined && { pinned }),
    ...part,
    // An upgrade that is over keeps its own code: a rollout judges the version by it.
    ...(problem !== undefined && !ENDS.has(part.state) && codeOf(problem.code, problem.detail)),
    installed: [running, ...(journal?.previous === undefined ? [] : [journal.previous])]
      .filter((version, index, all) => all.indexOf(version) === index)
      .slice(0, MAX_VERSIONS),
    failed: (journal?.failed ?? []).slice(-MAX_VERSIONS),
  };
}

type Part = Pick<UpgradeStatus, 'state' | 'since'> & Partial<UpgradeStatus>;

/** Undefined if the journal knows more. */
function ofWork(work: Work, journal: Journal | undefined, running: string): Part | undefined {
  if (work.name === 'none' || isActing(journal)) return undefined;
  const { offer, since } = work;
  const part = (state: UpgradeState): Part => ({
    state,
    since,
    rollout: offer.rollout,
    from: running,
    to: offer.to,
  });
  switch (work.name) {
    case 'fetching':
      return { ...part('staging'), ...(work.fetched && { fetched: work.fetched }) };
    case 'staging':
      return part('staging');
    case 'going':
      return part('switching');
    case 'waiting':
      return { ...part('waiting'), ...codeOf(work.code, work.detail) };
    case 'refused':
      // What has happened since then counts more.
      return (journal?.since ?? 0) > since
        ? undefined
        : { ...part('failed'), ...codeOf(work.code, work.detail) };
  }
}

function ofJournal(journal: Journal | undefined): Part {
  if (journal === undefined) return { state: 'idle', since: 0 };
  const { phase, since } = journal;
  if (phase.name === 'idle') return { state: 'idle', since };
  const { from, to, rollout } = phase.upgrade;
  const state: UpgradeState = phase.name === 'rolling-back' ? 'probation' : phase.name;
  return {
    state,
    since,
    from,
    to,
    ...(rollout !== undefined && { rollout }),
    ...('code' in phase && codeOf(phase.code, 'detail' in phase ? phase.detail : undefined)),
  };
}

const ENDS: ReadonlySet<string> = new Set<UpgradeState>(['failed', 'rolled-back', 'committed']);

/** Whether the updater is in the middle of a switch. */
export const isActing = (journal: Journal | undefined): boolean =>
  journal !== undefined && ['switching', 'probation', 'rolling-back'].includes(journal.phase.name);

const codeOf = (code: string | undefined, detail: string | undefined) => ({
  ...(code !== undefined && { code }),
  ...(detail !== undefined && { detail: detail.slice(0, MAX_DETAIL) }),
});
