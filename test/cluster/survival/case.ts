import type { ClientCounts } from './clients.ts';
import type { Failure } from './failure.ts';
import type { ReplicaName, Site } from './site.ts';
import type { Changes, FiredAlert } from './watch.ts';

/** What a case works with. */
export type Stage = {
  readonly site: Site;
  readonly changes: Changes;
  readonly progress: (text: string) => void;
  /** Makes an alert fire, which is expected to be told. */
  fireAlert(): Promise<FiredAlert>;
  /** Notes a problem unless `isTrue`. */
  check(isTrue: boolean, problem: string): void;
};

export type CaseOutcome = {
  /** Figures for the report. */
  readonly facts?: Readonly<Record<string, number | string>>;
  /** The replicas of which open connections may have been cut, and from when, on the monotonic clock. */
  readonly cutFrom?: ReadonlyMap<ReplicaName, number>;
  /** Whether two gateways may have told of the same incident: one of them, or both, without the store. */
  readonly mayRepeatAlerts?: boolean;
  /** When new connections may fail: they were on their way to a replica that was killed. */
  readonly failing?: { readonly from: number; readonly until: number };
};

/** One way to fail, under clients, and what must hold meanwhile. Everything is mended when it returns. */
export type Case = {
  readonly name: string;
  /** Leaves out pgbench, whose errors have no time. */
  readonly isTimed?: boolean;
  /** What this machine lacks for the case; undefined if it has everything. */
  readonly isMissing?: string | undefined;
  run(stage: Stage): Promise<CaseOutcome>;
};

export type CaseResult = {
  readonly case: string;
  readonly seconds: number;
  readonly newConnections: number;
  /** Answers that the JDBC pool got, each with the right checksum. */
  readonly answers: number;
  readonly failed: number;
  /** Connections that were cut although nothing allowed it. */
  readonly cut: number;
  readonly longestMs: number;
  readonly facts: Readonly<Record<string, number | string>>;
  readonly problems: readonly string[];
};

/** The new connections that failed when none may. */
export const failedWrongly = ({ failed }: ClientCounts, { failing }: CaseOutcome) =>
  failed.filter(({ at }) => failing === undefined || at < failing.from || at > failing.until);

/** The connections that ended although their replica was there, or before its deadline. */
export function cutEarly(
  { cut, pooled }: ClientCounts,
  cutFrom: ReadonlyMap<ReplicaName, number> = new Map(),
): readonly Failure[] {
  const early = [...cut].flatMap(([replica, failures]) =>
    failures.filter(({ at }) => at < (cutFrom.get(replica) ?? Number.POSITIVE_INFINITY)),
  );
  // A connection of the pool may lead to any replica.
  const first = Math.min(...cutFrom.values());
  return [...early, ...pooled.filter(({ at }) => at < first)];
}
