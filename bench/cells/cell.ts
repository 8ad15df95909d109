import type { Load } from '../load/load.ts';
import type { RouteName, RunningRoute } from '../routes/route.ts';

export const groups = [
  'throughput',
  'latency',
  'connections',
  'ingress',
  'memory',
  'load-memory',
  'cut',
  'sessions',
  'fleet',
  'wan',
] as const;
export type Group = (typeof groups)[number];

/** One value that a cell measures for a route. */
export type Metric = {
  /** Stable: identifies the value in the JSON report and in the targets. */
  readonly id: string;
  /** The table that shows it; all values of a table have the same unit. */
  readonly table: string;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /**
   * What the text report shows: median, range, and ratios; only the median; or nothing. The JSON report has everything.
   */
  readonly shown: 'full' | 'median' | 'nothing';
};

/** One measurement, made for every route in every round. */
export type Cell = {
  readonly group: Group;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Routes that it applies to. */
  readonly routes: readonly RouteName[];
  /** Whether the route is started for this cell only, because memory must be measured in new processes. */
  readonly fresh: boolean;
  /** Whether the route is started with a link between its ends that can be cut. Such a cell must be `fresh`. */
  readonly hasCutLink?: boolean;
  /** Milliseconds that a route carries the load before its first measurement, beyond the rehearsal of every cell. */
  readonly rehearsal?: (route: RouteName) => number;
  /** Returns the values by metric id; metrics that do not apply to the route are omitted. */
  measure(load: Load, route: RunningRoute, timing: Timing): Promise<ReadonlyMap<string, number>>;
};

/** Milliseconds. */
export type Timing = { readonly warmUp: number; readonly window: number };
