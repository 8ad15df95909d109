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

/** The parts of a Job or a StatefulSet that are compared. */
type Workload = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly template: {
      readonly spec: {
        readonly securityContext: object;
        readonly containers: readonly { readonly image: string; readonly volumeMounts: unknown }[];
        readonly volumes: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
      };
    };
  };
};

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

test('the Job that moves a store mounts what the gateway that ran alone has left, as the same user', () => {
  const pod = (file: string, kind: string) => {
    const documents = parseAllDocuments(readFileSync(join(ROOT, 'examples/kubernetes', file), 'utf8'));
    const found = documents.map((each) => each.toJS() as Workload).find((each) => each.kind === kind);
    assert.ok(found !== undefined, `${file} has a ${kind}`);
    return found;
  };
  const job = pod('replicas/move-store.yaml', 'Job');
  const alone = pod('penstock-gateway.yaml', 'StatefulSet');
  const claims = job.spec.template.spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => claim ?? []);
  const template = alone.spec.volumeClaimTemplates?.[0]?.metadata.name;
  assert.deepEqual(claims, [{ claimName: `${template}-${alone.metadata.name}-0` }]);
  assert.deepEqual(job.spec.template.spec.securityContext, alone.spec.template.spec.securityContext);
  const [moving, running] = [job, alone].map(({ spec }) => spec.template.spec.containers[0]);
  assert.equal(moving?.image, running?.image);
  assert.deepEqual(moving?.volumeMounts, running?.volumeMounts);
  const directories = configurations
    .filter(({ file }) => /replicas\/move-store|kubernetes\/penstock-gateway/.test(file))
    .map(({ text }) => (parse(text) as { dataDirectory: string }).dataDirectory);
  assert.equal(directories.length, 2);
  assert.equal(new Set(directories).size, 1);
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
