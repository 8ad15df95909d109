import type { Metric } from '../cells/cell.ts';
import type { Machine } from '../machine.ts';
import type { Results } from '../results.ts';
import type { RouteName } from '../routes/route.ts';
import { figuresOf } from './figures.ts';
import type { Report } from './report.ts';
import { quantile } from './statistics.ts';
import { table } from './table.ts';
import type { Verdict } from './verdict.ts';

/** Renders the report for people, at most 110 columns wide. */
export function textOf(report: Report, metrics: readonly Metric[], results: Results): string {
  const routes = Object.keys(report.routes) as RouteName[];
  const parts = [
    headOf(report),
    ...figuresOf(metrics, routes, results),
    headroomOf(metrics, routes, results),
    verdictsOf(report.targets),
    ...(report.failures.length === 0 ? [] : [failuresOf(report)]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function headOf({ machine, settings, routes, skipped, seconds }: Report): string {
  const lines = [
    `Penstock benchmark: ${settings.rounds} rounds in ${seconds} s, windows of ${settings.windowMs} ms.`,
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, ${machine.kernel}, ` +
      `congestion control ${machine.congestionControl}.`,
    `Node ${machine.node}, OpenSSL ${machine.openssl}. Load generator, both ends and target share the cores.`,
    ...(machine.loadBefore > machine.cores * BUSY ? [busy(machine)] : []),
    'Medians, below them the range; ratios are of medians, penstock over the other.',
    '',
    ...Object.entries(routes).map(([name, about]) => `${name.padEnd(10)}${about}`),
    ...skipped.map(({ what, reason }) => `${what.padEnd(10)}skipped: ${reason}`),
  ];
  return lines.join('\n');
}

/** Load a core before the start from which the figures are of little worth. */
const BUSY = 0.25;

const busy = ({ loadBefore }: Machine) =>
  `The machine was busy before the start (load ${loadBefore.toFixed(1)}): do not compare the results with other runs.`;

/** Shows whether the load generator may have limited the routes. */
function headroomOf(metrics: readonly Metric[], routes: readonly RouteName[], results: Results): string {
  const lines: string[] = [];
  for (const { id, title } of metrics.filter((metric) => metric.table === 'throughput')) {
    const direct = results.samples(id, 'direct');
    const others = routes
      .filter((route) => route !== 'direct')
      .flatMap((route) => {
        const samples = results.samples(id, route);
        return samples.length === 0 ? [] : [quantile(samples, 0.5)];
      });
    if (direct.length === 0 || others.length === 0) continue;
    lines.push(`  ${title}: ${(quantile(direct, 0.5) / Math.max(...others)).toFixed(1)} times`);
  }
  if (lines.length === 0) return '';
  return ['Headroom of the load generator, ratio of direct to the fastest route:', ...lines].join('\n');
}

function verdictsOf(verdicts: readonly Verdict[]): string {
  const judged = verdicts.filter(({ outcome }) => outcome !== 'unmeasured');
  const left = verdicts.length - judged.length;
  const rest = left === 0 ? '' : `${left} of ${verdicts.length} targets were not measured in this run.`;
  if (judged.length === 0) return rest;
  const rows = judged.map(({ title, against, wanted, got, outcome }) => [
    outcome,
    against === undefined ? title : `${title}, over ${against}`,
    'atLeast' in wanted ? `at least ${wanted.atLeast}` : `at most ${wanted.atMost}`,
    got === undefined ? '-' : got.toFixed(2),
  ]);
  const columns = [
    { title: 'target', align: 'left' },
    { title: 'what', align: 'left' },
    { title: 'wanted', align: 'right' },
    { title: 'got', align: 'right' },
  ] as const;
  return [table(columns, rows), rest].filter((part) => part !== '').join('\n');
}

function failuresOf({ failures }: Report): string {
  const lines = failures.map(
    ({ round, cell, route, reason }) => `round ${round}, ${cell}, ${route}: ${reason}`,
  );
  return ['Failed measurements:', ...lines].join('\n');
}
