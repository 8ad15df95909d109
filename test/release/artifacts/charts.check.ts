import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs } from '../../../scripts/release/bundle.ts';
import {
  KUBERNETES_VERSION,
  manifests,
  plainManifests,
  renderChart,
  type Values,
} from '../../../scripts/release/plain-manifests.ts';
import { run } from '../../../scripts/release/run.ts';
import { skipWithout } from '../../rig/optional.ts';
import { fileOf, ROOT, workFolder } from './built-release.ts';

const skip = skipWithout('helm');

test('the packed charts pass helm lint, and install what examples/kubernetes has', { skip }, async () => {
  for (const program of programs) {
    const chart = fileOf({ program, kind: 'chart' });
    await run('helm', ['lint', '--strict', chart]);
    await run('helm', ['template', 'test', chart, '--kube-version', `${KUBERNETES_VERSION}.0`]);
  }
  for (const each of manifests) {
    const example = await readFile(join(ROOT, 'examples/kubernetes', each.file), 'utf8');
    assert.equal(
      example,
      await plainManifests(ROOT, each),
      'Run npm run release:test -- --write-manifests to write it again.',
    );
  }
});

test('values of the gateway that do not fit each other are refused', { skip }, async () => {
  const store = { 'database.secretName': 'db', 'keys.secretName': 'keys' };
  const mistakes: readonly (readonly [Values, RegExp])[] = [
    [{ replicas: '2' }, /Several replicas need one database: set database\.secretName/],
    [{ 'database.secretName': 'db' }, /set keys\.secretName/],
    [{ terminationGracePeriodSeconds: '60' }, /is 60: it must be above the 60 s that a drain may take/],
    [{ ...store, terminationGracePeriodSeconds: '75' }, /is 75: it must be above the 75 s/],
    [{ config: 'dataDirectory: data' }, /dataDirectory in config must be below/],
    [{ config: '}' }, /config is not YAML/],
  ];
  for (const [values, message] of mistakes) {
    await assert.rejects(renderChart(ROOT, 'penstock-gateway', values), message);
  }
  const own = 'dataDirectory: /var/lib/penstock-gateway/data\nstore: {url: u}\ncluster: {listen: l}\n';
  await using folder = await workFolder();
  const file = join(folder.path, 'gateway.yaml');
  await writeFile(file, own);
  const rendered = await run('helm', [
    ...['template', 'test', join(ROOT, 'charts/penstock-gateway'), '--set-file', `config=${file}`],
    ...['--kube-version', `${KUBERNETES_VERSION}.0`],
    ...Object.entries(store).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ]);
  assert.equal(rendered.match(/^ {4}(store|cluster):/gm)?.length, 2, 'neither is added twice');
});

test('a configuration file reaches the ConfigMap unchanged', { skip }, async () => {
  await using folder = await workFolder();
  const file = join(folder.path, 'agent.yaml');
  await writeFile(file, 'a: "b"\n# {{ not a template }}\nc: |\n  d\n');
  const rendered = await run('helm', [
    ...['template', 'test', join(ROOT, 'charts/penstock-agent'), '--kube-version', `${KUBERNETES_VERSION}.0`],
    ...['--set-file', `config=${file}`, '--show-only', 'templates/agents.yaml'],
  ]);
  assert.ok(rendered.includes('    # {{ not a template }}\n    c: |\n      d\n'), rendered);
});
