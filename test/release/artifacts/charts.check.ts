import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs } from '../../../scripts/release/bundle.ts';
import { KUBERNETES_VERSION, plainManifests } from '../../../scripts/release/plain-manifests.ts';
import { run } from '../../../scripts/release/run.ts';
import { skipWithout } from '../../rig/optional.ts';
import { fileOf, ROOT, workFolder } from './built-release.ts';

const skip = skipWithout('helm');

test('the packed charts pass helm lint, and install what examples/kubernetes has', { skip }, async () => {
  for (const program of programs) {
    const chart = fileOf({ program, kind: 'chart' });
    await run('helm', ['lint', '--strict', chart]);
    await run('helm', ['template', 'test', chart, '--kube-version', `${KUBERNETES_VERSION}.0`]);
    const example = await readFile(join(ROOT, 'examples/kubernetes', `${program}.yaml`), 'utf8');
    assert.equal(
      example,
      await plainManifests(ROOT, program),
      'Run npm run release:test -- --write-manifests to write it again.',
    );
  }
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
