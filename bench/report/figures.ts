import type { Metric } from '../cells/cell.ts';
import type { Results } from '../results.ts';
import type { RouteName } from '../routes/route.ts';
import { ratioOfMedians, summarize } from './statistics.ts';
import { type Column, table } from './table.ts';

/** The divisors of Penstock's values in the last columns. */
const comparedWith: readonly RouteName[] = ['node-tls', 'node-h2', 'haproxy', 'direct'];

/**
 * Renders a table for each kind of value, with a row for each metric and a column for each route: the median, the range
 * below it, and the ratios of Penstock's median to the others.
 */
export function figuresOf(
  metrics: readonly Metric[],
  routes: readonly RouteName[],
  results: Results,
): string[] {
  const tables: string[] = [];
  const printed = metrics.filter((metric) => metric.shown !== 'nothing');
  for (const [title, members] of Map.groupBy(printed, (metric) => metric.table)) {
    const shown = routes.filter((route) => members.some(({ id }) => results.samples(id, route).length > 0));
    if (shown.length === 0) continue;
    const brief = members.every((metric) => metric.shown === 'median');
    const others = brief || !shown.includes('penstock') ? [] : comparisonsFor(shown);
    const columns: Column[] = [
      { title: `${title}, ${members[0]?.unit ?? ''}`, align: 'left' },
      ...[...shown, ...others.map((route) => `/${route}`)].map((name) => right(name)),
    ];
    tables.push(
      table(
        columns,
        members.flatMap((metric) => rowsOf(metric, shown, others, results)),
      ),
    );
  }
  return tables;
}

/** The direct connection is a fair comparison only with a long round trip, where haproxy is not measured. */
function comparisonsFor(shown: readonly RouteName[]): RouteName[] {
  const others = comparedWith.filter((route) => shown.includes(route));
  return others.includes('haproxy') ? others.filter((route) => route !== 'direct') : others;
}

function rowsOf(
  metric: Metric,
  routes: readonly RouteName[],
  others: readonly RouteName[],
  results: Results,
): string[][] {
  const summaries = routes.map((route) => {
    const samples = results.samples(metric.id, route);
    return samples.length === 0 ? undefined : summarize(samples);
  });
  const figure = (value: number | undefined) => value?.toFixed(metric.digits) ?? '-';
  const medians = [metric.title, ...summaries.map((summary) => figure(summary?.median))];
  if (metric.shown === 'median') return [medians];
  const ratios = others.map((route) => {
    const ratio = ratioOfMedians(results.samples(metric.id, 'penstock'), results.samples(metric.id, route));
    return ratio === undefined ? '-' : ratio.toFixed(2);
  });
  const range = (least: number, most: number) => `${figure(least)}-${figure(most)}`;
  const ranges = summaries.map((summary) => (summary === undefined ? '' : range(summary.min, summary.max)));
  return [
    [...medians, ...ratios],
    ['', ...ranges, ...ratios.map(() => '')],
  ];
}

const right = (title: string): Column => ({ title, align: 'right' });
