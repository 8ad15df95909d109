import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { jarDirectory } from '../drivers/driver-jars.ts';
import { type Program, runCommand } from '../processes/programs.ts';
import { skipBecause } from '../rig/optional.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const MANIFESTS = globSync('examples/kubernetes/**/*.yaml', { cwd: ROOT }).sort();
/** Oldest and newest. `npm run drivers` installs the validator, which contains the schemas of each. */
const KUBERNETES_VERSIONS = ['1.31', '1.37'];
const VALIDATOR = join(jarDirectory, 'python/bin/kubernetes-validate');

type Resource = { readonly kind: string; readonly data?: Readonly<Record<string, string>> };

const configurations = MANIFESTS.flatMap((file) =>
  parseAllDocuments(readFileSync(join(ROOT, file), 'utf8'))
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource?.kind === 'ConfigMap')
    .flatMap((resource) => Object.entries(resource?.data ?? {}))
    .filter(([name]) => /^(agent|gateway)\.yaml$/.test(name))
    .map(([name, text]) => ({ file, program: name.slice(0, -'.yaml'.length) as Program, text })),
);

test('the manifests for Kubernetes fit its schemas', {
  skip: existsSync(VALIDATOR)
    ? false
    : skipBecause('kubernetes-validate is not there; npm run drivers fetches it'),
}, async () => {
  assert.ok(MANIFESTS.length >= 2, MANIFESTS.join());
  for (const version of KUBERNETES_VERSIONS) {
    const files = MANIFESTS.map((file) => join(ROOT, file));
    await promisify(execFile)(VALIDATOR, ['--strict', '--kubernetes-version', version, ...files]);
  }
});

test('the configurations in manifests and charts are valid', async () => {
  await using folder = await temporaryDirectory();
  const charts = (['agent', 'gateway'] as const).map((program) => {
    const file = `charts/penstock-${program}/values.yaml`;
    const { config } = parse(readFileSync(join(ROOT, file), 'utf8')) as { config: string };
    return { file, program, text: config };
  });
  assert.ok(configurations.length >= 2, `${configurations.length} ConfigMaps`);
  const site = join(folder.path, 'config.yaml');
  for (const { file, program, text } of [...configurations, ...charts]) {
    await writeFile(site, text);
    const { code, stdout, stderr } = await runCommand(program, [
      'config',
      'validate',
      '--no-references',
      site,
    ]);
    assert.equal(code, 0, `${file}:\n${stdout}${stderr}`);
  }
});
