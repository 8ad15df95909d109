/** What is measured of an agent. Counts only grow while this gateway runs. */
export type Reading = {
  /** Whether it has a session. */
  readonly isConnected: boolean;
  /** Milliseconds for which it has had none; 0 if it has one. */
  readonly away: number;
  /** Whether an updater on its host rolls back a version that does not work. Always false in rollouts of configurations. */
  readonly hasUpdater: boolean;
  /** Identifies the agent's process; undefined while that is not known. */
  readonly boot: string | undefined;
  /** Connectors whose check fails. */
  readonly failing: ReadonlySet<string>;
  /** Connectors that it offers; undefined while that is not known. */
  readonly connectors: ReadonlySet<string> | undefined;
  readonly memoryBytes: number | undefined;
  readonly opens: OpenCounts;
};

/** The opens that were sent to an agent. */
export type OpenCounts = {
  readonly opened: number;
  /** Failures for which agent or target are responsible. */
  readonly failed: number;
  /** Successful opens by their duration; see `durationBucket`. */
  readonly durations: readonly number[];
};

export const NO_OPENS: OpenCounts = { opened: 0, failed: 0, durations: [] };

const BUCKETS = 40;
/** Buckets for each doubling of the duration. */
const PER_DOUBLING = 2;

/** The bucket of a duration in milliseconds: half a doubling wide, from half a millisecond. */
export function durationBucket(milliseconds: number): number {
  const bucket = Math.ceil(Math.log2(Math.max(milliseconds, 0.5) / 0.5) * PER_DOUBLING);
  return Math.min(BUCKETS - 1, bucket);
}

/** The upper end of a bucket, in milliseconds. */
const endOf = (bucket: number) => 0.5 * 2 ** (bucket / PER_DOUBLING);

/** The median duration in milliseconds, to a factor of 1.4; undefined without any. */
export function medianDuration(durations: readonly number[]): number | undefined {
  const total = durations.reduce((sum, count) => sum + (count ?? 0), 0);
  let seen = 0;
  for (const [bucket, count] of durations.entries()) {
    seen += count ?? 0;
    if (total > 0 && seen * 2 >= total) return endOf(bucket);
  }
  return undefined;
}

export const totalOf = ({ opened, failed }: OpenCounts): number => opened + failed;

/** The opens since an earlier reading. If the counts started over, all of them are new. */
export function opensSince(now: OpenCounts, before: OpenCounts): OpenCounts {
  if (now.opened < before.opened || now.failed < before.failed) return now;
  return {
    opened: now.opened - before.opened,
    failed: now.failed - before.failed,
    durations: now.durations.map((count, bucket) => (count ?? 0) - (before.durations[bucket] ?? 0)),
  };
}

export function sumOfOpens(all: Iterable<OpenCounts>): OpenCounts {
  let opened = 0;
  let failed = 0;
  const durations: number[] = [];
  for (const each of all) {
    opened += each.opened;
    failed += each.failed;
    each.durations.forEach((count, bucket) => {
      durations[bucket] = (durations[bucket] ?? 0) + (count ?? 0);
    });
  }
  return { opened, failed, durations };
}

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
