import type { Metric } from '../cells/cell.ts';
import type { Machine } from '../machine.ts';
import type { Failure, Results } from '../results.ts';
import { type RouteName, routeNames } from '../routes/route.ts';
import { targets } from '../targets.ts';
import { ratioOfMedians, type Summary, summarize } from './statistics.ts';
import { judge, type Verdict } from './verdict.ts';

/** What was skipped, and why. */
export type Skipped = { readonly what: string; readonly reason: string };

export type Run = {
  readonly startedAt: Date;
  readonly seconds: number;
  readonly machine: Machine;
  readonly settings: {
    readonly rounds: number;
    readonly warmUpMs: number;
    /** Of the cells that count new connections. */
    readonly connectionWarmUpMs: number;
    readonly windowMs: number;
  };
  readonly routes: ReadonlyMap<RouteName, string>;
  readonly skipped: readonly Skipped[];
  readonly metrics: readonly Metric[];
  readonly results: Results;
};

type RouteFigures = Summary & { readonly samples: readonly number[] };

/** The JSON report. `format` changes when the report is no longer compatible with older readers. */
export type Report = {
  readonly benchmark: 'penstock';
  readonly format: 1;
  readonly startedAt: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly settings: Run['settings'];
  readonly routes: Readonly<Partial<Record<RouteName, string>>>;
  readonly skipped: readonly Skipped[];
  readonly metrics: readonly {
    readonly id: string;
    readonly title: string;
    readonly unit: string;
    readonly routes: Readonly<Partial<Record<RouteName, RouteFigures>>>;
    /** Ratio of Penstock's median to that of another route. */
    readonly ratios: Readonly<Partial<Record<RouteName, number>>>;
  }[];
  readonly targets: readonly Verdict[];
  readonly failures: readonly Failure[];
};

export function makeReport(run: Run): Report {
  const { results } = run;
  return {
    benchmark: 'penstock',
    format: 1,
    startedAt: run.startedAt.toISOString(),
    seconds: Math.round(run.seconds),
    machine: run.machine,
    settings: run.settings,
    routes: Object.fromEntries(run.routes),
    skipped: run.skipped,
    metrics: run.metrics.map(({ id, table, title, unit }) => ({
      id,
      title: `${table}: ${title}`,
      unit,
      routes: byRoute((route) => {
        const samples = results.samples(id, route);
        return samples.length === 0 ? undefined : { ...summarize(samples), samples };
      }),
      ratios: byRoute((route) =>
        route === 'penstock'
          ? undefined
          : ratioOfMedians(results.samples(id, 'penstock'), results.samples(id, route)),
      ),
    })),
    targets: targets.map((target) => judge(target, results)),
    failures: results.failures,
  };
}

function byRoute<Value>(of: (route: RouteName) => Value | undefined): Partial<Record<RouteName, Value>> {
  const entries: [RouteName, Value][] = [];
  for (const route of routeNames) {
    const value = of(route);
    if (value !== undefined) entries.push([route, value]);
  }
  return Object.fromEntries(entries) as Partial<Record<RouteName, Value>>;
}
