import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Advice, agentConditions } from '@penstock/api-schema';
import { alertConditionTexts } from '@penstock/control-plane';
import { gatewayProgram } from '@penstock/gateway';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { everyMetric } from '../../scripts/check/every-metric.ts';
import { skipWithout } from '../rig/optional.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const folder = join(import.meta.dirname, '../../examples/monitoring');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

type Rule = {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};
const rules = (parse(read('penstock.rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
};
const dashboard = JSON.parse(read('grafana-dashboard.json')) as {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
};

function metricNames(): ReadonlySet<string> {
  const { agent, gateway } = everyMetric();
  return new Set([...gateway, ...agent].map(({ name }) => name));
}

/** All commands of penstock-gateway, as they are typed. */
function commands(of: Command, before: readonly string[] = []): string[] {
  return of.commands.flatMap((each) => {
    const words = [...before, each.name()];
    return [words.join(' '), ...commands(each, words)];
  });
}

test('every metric that the examples name exists', () => {
  const known = metricNames();
  const files = readdirSync(folder);
  assert.equal(files.length, 5);
  for (const file of files) {
    const named = read(file).match(/\bpenstock_(gateway|agent)_[a-z_]+/g) ?? [];
    if (/rules|dashboard/.test(file)) assert.ok(named.length > 5, file);
    for (const name of named) assert.ok(known.has(name.replace(/_bucket$/, '')), `${file}: ${name}`);
  }
});

test('there is one rule for each condition, with words for people', () => {
  const conditions = rules.flatMap(({ labels }) => labels['condition'] ?? []);
  assert.deepEqual(conditions, Object.keys(alertConditionTexts));
  for (const { alert, labels, annotations } of rules) {
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook'], alert);
    assert.match(labels['severity'] ?? '', /^(info|warning|critical)$/, alert);
  }
});

test('every command that runbooks and advice name exists', async () => {
  const writer = { write: () => {} };
  const io = { stdout: writer, stderr: writer, environment: {}, setExitCode: () => {} };
  const known = commands(await gatewayProgram(io, process));
  const texts = [
    ...rules.map(({ annotations }) => annotations['runbook'] ?? ''),
    ...[...Object.values(alertConditionTexts), ...Object.values(agentConditions)].map(
      (text: Advice) => text.command ?? '',
    ),
  ];
  const named = texts.flatMap((text) => [...text.matchAll(/penstock-gateway ([a-z]+ [a-z]+)/g)]);
  assert.ok(named.length > 12);
  for (const [, command = ''] of named) assert.ok(known.includes(command), command);
});

test('the dashboard has panels with a question each, side by side, from the data source that is chosen', () => {
  assert.ok(dashboard.schemaVersion >= 39);
  assert.deepEqual(
    dashboard.templating.list.map(({ name, type }) => `${name}: ${type}`),
    ['datasource: datasource', 'instance: query', 'pool: query'],
  );
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { type, title, description, datasource, gridPos, targets = [] } of panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.ok(x < 24 && !taken.has(`${x} ${y}`), `${title} at ${x} ${y}`);
        taken.add(`${x} ${y}`);
      }
    }
    if (type === 'row') continue;
    assert.ok(targets.length > 0 && description, title);
    assert.equal(datasource?.uid, '${datasource}', title);
  }
});

const promtool = (...argv: readonly string[]) => promisify(execFile)('promtool', argv, { cwd: folder });

test('promtool accepts the rules and the configuration', { skip: skipWithout('promtool') }, async () => {
  assert.match((await promtool('check', 'rules', 'penstock.rules.yml')).stdout, /SUCCESS: 15 rules found/);
  await promtool('check', 'config', 'prometheus.yml');
});

test('the rules fire when they must, and only then', { skip: skipWithout('promtool') }, async () => {
  await promtool('test', 'rules', 'penstock.rules.test.yml');
});

test('promtool accepts every question of the dashboard', { skip: skipWithout('promtool') }, async () => {
  const questions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(questions.length > 20);
  const text = questions.map((expr) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$', ''));
  const file = text
    .map((expr, at) => `      - {record: "q:${at}", expr: ${JSON.stringify(expr)}}`)
    .join('\n');
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'questions.yml');
  await writeFile(path, `groups:\n  - name: questions\n    rules:\n${file}\n`);
  const { stdout } = await promtool('check', 'rules', '--lint=none', path);
  assert.match(stdout, new RegExp(`SUCCESS: ${questions.length} rules found`));
});
