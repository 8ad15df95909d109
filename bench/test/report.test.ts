import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyCell } from '../cells/every-cell.ts';
import { makeReport, type Run } from '../report/report.ts';
import { textOf } from '../report/text.ts';
import { Results } from '../results.ts';
import { type RouteName, routeNames } from '../routes/route.ts';
import { targets } from '../targets.ts';

const cells = everyCell;
const metrics = cells.flatMap((cell) => cell.metrics);

function runWith(results: Results): Run {
  return {
    startedAt: new Date('2026-01-02T03:04:05Z'),
    seconds: 12.3,
    machine: {
      cores: 2,
      cpu: 'A processor with a name of normal length @ 2.90GHz',
      memoryGib: 16,
      kernel: 'Linux 6.1.0',
      node: '26.10.0',
      openssl: '3.5.8',
      congestionControl: 'cubic',
      loadBefore: 3.25,
    },
    settings: { rounds: 3, warmUpMs: 500, connectionWarmUpMs: 3000, windowMs: 1500 },
    routes: new Map(routeNames.map((name) => [name, `about ${name}`])),
    skipped: [{ what: 'wan', reason: 'network namespaces require root' }],
    metrics,
    results,
  };
}

/** The routes of a run in which no environment variable names another program. */
const usualRoutes: readonly RouteName[] = ['direct', 'node-tls', 'haproxy', 'ssh', 'penstock'];

/** Three rounds of every metric, with the largest realistic values. */
function everything(): Results {
  const results = new Results();
  for (const cell of cells) {
    for (const { id, digits } of cell.metrics) {
      for (const route of cell.routes.filter((name) => usualRoutes.includes(name))) {
        for (const value of [98_765, 87_654, 76_543]) results.add(id, route, value / 10 ** digits);
      }
    }
  }
  return results;
}

function filled(figures: Record<string, Partial<Record<RouteName, readonly number[]>>>): Results {
  const results = new Results();
  for (const [metric, routes] of Object.entries(figures)) {
    for (const route of routeNames)
      for (const value of routes[route] ?? []) results.add(metric, route, value);
  }
  return results;
}

test('the text report fits into 110 columns', () => {
  const run = runWith(everything());
  const text = textOf(makeReport(run), run.metrics, run.results);
  const lines = text.split('\n');
  assert.ok(lines.length > 40);
  for (const line of lines) assert.ok(line.length <= 110, line);
});

test('medians, ranges, and ratios are in their columns', () => {
  const run = runWith(
    filled({
      'throughput/up-1': { 'node-tls': [800, 600, 900], haproxy: [1000], penstock: [700, 760, 790] },
    }),
  );
  const text = textOf(makeReport(run), run.metrics, run.results);
  assert.match(text, /^up, 1 stream +800 +1000 +760 +0\.95 +0\.76$/m);
  assert.match(text, /^ +600-900 +1000-1000 +700-790$/m);
});

test('with a long round trip, Penstock is compared with the direct connection', () => {
  const figures = { direct: [30], 'node-tls': [31], penstock: [27] };
  const run = runWith(filled({ 'wan/100ms/up-1': figures }));
  const text = textOf(makeReport(run), run.metrics, run.results);
  assert.match(text, /^wan, MB\/s +direct +node-tls +penstock +\/node-tls +\/direct$/m);
  assert.match(text, /^100 ms, up, 1 stream +30 +31 +27 +0\.87 +0\.90$/m);
});

test('a target is evaluated by the ratio of the medians, and is unmeasured without both sides', () => {
  const report = makeReport(
    runWith(
      filled({
        'throughput/up-1': { 'node-tls': [800], haproxy: [950], penstock: [760] },
        'throughput/down-1': { 'node-tls': [1000], penstock: [949] },
        'memory/gateway': { penstock: [24] },
      }),
    ),
  );
  const outcome = (metric: string, against: RouteName | undefined) =>
    report.targets.find((verdict) => verdict.metric === metric && verdict.against === against)?.outcome;
  assert.equal(outcome('throughput/up-1', 'node-tls'), 'met');
  assert.equal(outcome('throughput/up-1', 'haproxy'), 'met');
  assert.equal(outcome('throughput/down-1', 'node-tls'), 'not met');
  assert.equal(outcome('throughput/down-1', 'haproxy'), 'unmeasured');
  assert.equal(outcome('memory/gateway', undefined), 'met');
  assert.equal(outcome('latency/1/p50', 'haproxy'), 'unmeasured');
});

test('the JSON report contains every sample and the reason for missing ones', () => {
  const results = filled({ 'throughput/up-1': { direct: [3, 1, 2] } });
  results.failures.push({ cell: 'a cell', route: 'ssh', round: 2, reason: '8 of 9 bytes arrived.' });
  const report = makeReport(runWith(results));
  const metric = report.metrics.find(({ id }) => id === 'throughput/up-1');
  assert.deepEqual(metric?.routes, { direct: { median: 2, min: 1, max: 3, samples: [3, 1, 2] } });
  assert.deepEqual(metric?.ratios, {});
  assert.equal(report.failures.length, 1);
  assert.deepEqual(report.skipped, [{ what: 'wan', reason: 'network namespaces require root' }]);
});

test('every target names a metric of a cell', () => {
  const known = new Set(metrics.map(({ id }) => id));
  assert.equal(targets.length, 47);
  for (const { metric } of targets) assert.ok(known.has(metric), metric);
});
