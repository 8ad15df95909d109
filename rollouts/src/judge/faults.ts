import { UPDATER_RETURN_MS } from '../updater-return.ts';
import { median, medianDuration, type OpenCounts, type Reading, totalOf } from './reading.ts';

/** The faults that an agent can have after a change, with what is wrong. */
export const faults = {
  restarting: 'It keeps restarting.',
  disconnected: 'It is not connected, while other agents of its pool are.',
  'opens-failing': 'Opens through it fail more often than through the other agents of its pool.',
  'opens-slower': 'Opens through it take longer than through the other agents of its pool.',
  'connector-lost': 'A connector that worked before fails now, while other agents reach its target.',
  'memory-growing': 'Its memory keeps growing beyond that of the other agents of its pool.',
} as const;
export type Fault = keyof typeof faults;

export type Finding = {
  readonly fault: Fault;
  readonly detail: string;
  /** Whether later opens show it too. Undefined if the next reading shows it without any. */
  readonly isShownBy?: (later: OpenCounts) => boolean;
};

/** An agent, and those of its pool that run something else. */
export type Comparison = {
  /** When it began to run the target; its connectors, their checks, and its updater as they were before that, if that is known. */
  readonly first: Reading;
  /** The reading before this one. */
  readonly last: Reading;
  readonly now: Reading;
  /** Restarts that were noticed since the first reading. */
  readonly restarts: number;
  /** Opens of the agent since the last conclusive comparison. */
  readonly opens: OpenCounts;
  /** Opens of the agent until it began to run the target. */
  readonly opensBefore: OpenCounts;
  readonly others: readonly Reading[];
  /** Opens of the others in the same time. */
  readonly otherOpens: OpenCounts;
  /** Whether connectors that are gone count: a change of software must not lose any. */
  readonly mustKeepConnectors: boolean;
};

/** Milliseconds for which an agent must be away if nothing on its host goes back by itself. */
const MIN_AWAY_MS = 2 * 60_000;
/** Opens below which a comparison says nothing. */
export const MIN_OPENS = 20;
/** Opens that must all have failed to say something earlier: an agent that fails them is ejected, and gets few more. */
const MIN_FAILURES = 5;
/** Percentage points by which the share of failures may exceed twice that of the others. */
const FAILURE_MARGIN = 5;
/** Share of failures, in percent, that is too many without anything to compare with. */
const MAX_FAILURES_ALONE = 50;
/** Restarts that are too many, however far apart. */
const MAX_RESTARTS = 3;
const MAX_SLOWDOWN = 2;
const MIN_SLOWDOWN_MS = 20;
const MIB = 1024 * 1024;
const MAX_MEMORY_SHARE = 1.5;
const MIN_MEMORY_GROWTH = 64 * MIB;

/** What is wrong with an agent, the worst first; undefined if nothing is, or if it cannot be told. */
export function findFault(comparison: Comparison): Finding | undefined {
  return (
    findDisconnected(comparison) ??
    findRestarts(comparison) ??
    findFailingOpens(comparison) ??
    findLostConnector(comparison) ??
    findSlowerOpens(comparison) ??
    findGrowingMemory(comparison)
  );
}

/** Whether enough opens were made to compare, so that the next comparison can start over. */
export const isConclusive = ({ opens }: Pick<Comparison, 'opens'>): boolean => totalOf(opens) >= MIN_OPENS;

function findDisconnected({ first, now, others }: Comparison): Finding | undefined {
  const minAwayMs = first.hasUpdater || now.hasUpdater ? UPDATER_RETURN_MS : MIN_AWAY_MS;
  if (now.isConnected || now.away < minAwayMs) return undefined;
  const away = others.filter(({ isConnected }) => !isConnected).length;
  // If most others are gone as well, or there are none, something else may be the cause.
  if (away * 2 >= others.length) return undefined;
  return { fault: 'disconnected', detail: faults.disconnected };
}

function findRestarts({ last, now, restarts }: Comparison): Finding | undefined {
  const isAnother = now.boot !== undefined && last.boot !== undefined && now.boot !== last.boot;
  if (!isAnother && restarts < MAX_RESTARTS) return undefined;
  return { fault: 'restarting', detail: faults.restarting };
}

function findFailingOpens({ opens, otherOpens }: Comparison): Finding | undefined {
  const total = totalOf(opens);
  const failsAll = opens.opened === 0 && opens.failed >= MIN_FAILURES;
  if (total < MIN_OPENS && !failsAll) return undefined;
  const share = shareOfFailures(opens);
  const otherTotal = totalOf(otherOpens);
  const otherShare = otherTotal === 0 ? undefined : shareOfFailures(otherOpens);
  const bound = otherShare === undefined ? MAX_FAILURES_ALONE : otherShare * 2 + FAILURE_MARGIN;
  if (share <= bound) return undefined;
  const compared =
    otherShare === undefined
      ? 'there were none through other agents'
      : `through the others, ${otherOpens.failed} of ${otherTotal}`;
  const detail = `${opens.failed} of ${total} opens failed; ${compared}.`;
  const isShownBy = (later: OpenCounts) => later.failed > 0 && shareOfFailures(later) > bound;
  return { fault: 'opens-failing', detail, ...(!failsAll && { isShownBy }) };
}

const shareOfFailures = (opens: OpenCounts): number => (100 * opens.failed) / totalOf(opens);

function findLostConnector({ first, now, others, mustKeepConnectors }: Comparison): Finding | undefined {
  for (const name of now.failing) {
    if (first.failing.has(name)) continue;
    const offering = others.filter(({ connectors }) => connectors?.has(name) === true);
    // A target that nobody reaches is not the fault of the change.
    if (offering.length > 0 && offering.every(({ failing }) => failing.has(name))) continue;
    return { fault: 'connector-lost', detail: `The check of connector ${name} fails.` };
  }
  if (!mustKeepConnectors || first.connectors === undefined || now.connectors === undefined) return undefined;
  const gone = [...first.connectors].find((name) => now.connectors?.has(name) !== true);
  if (gone === undefined) return undefined;
  return { fault: 'connector-lost', detail: `It no longer offers connector ${gone}.` };
}

function findSlowerOpens({ opens, opensBefore, otherOpens }: Comparison): Finding | undefined {
  if (opens.opened < MIN_OPENS || otherOpens.opened < MIN_OPENS) return undefined;
  const own = medianDuration(opens.durations);
  const others = medianDuration(otherOpens.durations);
  if (own === undefined || others === undefined) return undefined;
  // An agent that is farther from its targets than the others was so before.
  const before = opensBefore.opened < MIN_OPENS ? undefined : medianDuration(opensBefore.durations);
  const usual = Math.max(others, before ?? 0);
  const isSlow = (median: number) => median > usual * MAX_SLOWDOWN && median - usual >= MIN_SLOWDOWN_MS;
  if (!isSlow(own)) return undefined;
  const ownBefore = before === undefined ? '' : `; before, ${Math.round(before)} ms`;
  const detail = `Half of its opens take longer than ${Math.round(own / Math.SQRT2)} ms; through the others, ${Math.round(others)} ms${ownBefore}.`;
  const isShownBy = (later: OpenCounts) => isSlow(medianDuration(later.durations) ?? 0);
  return { fault: 'opens-slower', detail, isShownBy };
}

function findGrowingMemory({ first, last, now, others }: Comparison): Finding | undefined {
  const { memoryBytes } = now;
  if (memoryBytes === undefined || first.memoryBytes === undefined || last.memoryBytes === undefined) {
    return undefined;
  }
  const growth = memoryBytes - first.memoryBytes;
  if (growth < MIN_MEMORY_GROWTH || memoryBytes <= last.memoryBytes) return undefined;
  const usual = median(others.flatMap((each) => each.memoryBytes ?? []));
  if (memoryBytes < (usual ?? first.memoryBytes) * MAX_MEMORY_SHARE) return undefined;
  const compared = usual === undefined ? '' : `; the others use ${Math.round(usual / MIB)} MiB`;
  const detail = `Its memory grew by ${Math.round(growth / MIB)} MiB to ${Math.round(memoryBytes / MIB)} MiB${compared}.`;
  return { fault: 'memory-growing', detail };
}
