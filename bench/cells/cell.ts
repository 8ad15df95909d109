import type { Load } from '../load/load.ts';
import type { RouteName, RunningRoute } from '../routes/route.ts';

export const groups = [
  'throughput',
  'latency',
  'connections',
  'ingress',
  'memory',
  'sessions',
  'fleet',
  'wan',
] as const;
export type Group = (typeof groups)[number];

/** One figure that a cell gives for a route. */
export type Metric = {
  /** Stable: names the figure in the JSON report and in the targets. */
  readonly id: string;
  /** The table it stands in; all figures of a table have one unit. */
  readonly table: string;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** What the report for people shows: the range and ratios too, the median alone, nothing. JSON has it all. */
  readonly shown: 'full' | 'median' | 'nothing';
};

/** One thing that is measured, for every route in every round. */
export type Cell = {
  readonly group: Group;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Routes it makes sense for. */
  readonly routes: readonly RouteName[];
  /** Whether the route's processes are started for this cell alone: memory is not read in used ones. */
  readonly fresh: boolean;
  /** The figures by metric id; a metric that does not apply to the route is left out. */
  measure(load: Load, route: RunningRoute, timing: Timing): Promise<ReadonlyMap<string, number>>;
};

/** Milliseconds. */
export type Timing = { readonly warmUp: number; readonly window: number };
