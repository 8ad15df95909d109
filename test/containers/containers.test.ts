import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import pg from 'pg';
import { skipBecause } from '../rig/optional.ts';
import { Postgres } from '../rig/postgres.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { BuildStages } from './build-stage.ts';
import { startCompose } from './compose-run.ts';
import { Container } from './container.ts';
import { argumentsOf, parseDockerfile, type Stage } from './dockerfile.ts';
import { type Image, makeImage } from './image.ts';
import { dependenciesOf } from './installed-dependencies.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAMS = ['agent', 'gateway'] as const;
const MINUTE_MS = 60_000;
/** Also installs the dependencies of the build, which takes a minute: npm run release:test does. */
const isWhole = process.env['PENSTOCK_WHOLE_IMAGES'] === '1';

async function stagesOf(program: string): Promise<{ build: Stage; final: Stage }> {
  const [build, final, ...more] = parseDockerfile(
    await readFile(join(ROOT, `Dockerfile.${program}`), 'utf8'),
  );
  assert.ok(build !== undefined && final !== undefined && more.length === 0, 'a build stage and a final one');
  assert.equal(build.name, 'build');
  return { build, final };
}

/** Why `npm ci` in an empty folder cannot work: no registry responds. Undefined when one does. */
async function registryProblem(): Promise<string | undefined> {
  try {
    await promisify(execFile)('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=5000'], { cwd: ROOT });
    return undefined;
  } catch {
    return 'no package registry is reachable';
  }
}

const unreachable = await registryProblem();

for (const program of PROGRAMS) {
  test(`the ${program} image runs as a numeric non-root user, and its program receives signals`, async () => {
    const { final } = await stagesOf(program);
    assert.match(argumentsOf(final, 'USER').at(-1) ?? '', /^[1-9]\d*:[1-9]\d*$/);
    assert.equal(argumentsOf(final, 'VOLUME').length, 1);
    for (const name of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK']) {
      assert.match(argumentsOf(final, name)[0] ?? '', /^(CMD )?\["/, `${name} in exec form`);
    }
  });
}

test('both images build in an empty folder, and their programs start from a read-only tree', {
  skip: unreachable === undefined ? false : skipBecause(unreachable),
  timeout: 8 * MINUTE_MS,
}, async (t) => {
  await using directory = await temporaryDirectory();
  // The account of the image needs access.
  await chmod(directory.path, 0o755);
  const buildRoot = join(directory.path, 'build-root');
  const cached = isWhole ? new Map() : new Map([['npm ci', dependenciesOf(ROOT)]]);
  const stages = new BuildStages(buildRoot, ROOT, cached);
  // The Node of the build: the account of the image may not have access to the one that runs this test.
  const node = join(buildRoot, 'build/node_modules/node/bin/node');
  const images = new Map<string, Image>();
  for (const program of PROGRAMS) {
    const { build, final } = await stagesOf(program);
    await stages.run(build);
    const image = await makeImage(final, buildRoot, join(directory.path, program));
    images.set(`penstock-${program}`, image);
    const container = new Container({ image, node });

    await t.test(`penstock-${program} --help`, async () => {
      const help = await container.run([...image.entrypoint, '--help']);
      assert.equal(help.code, 0, help.output);
      assert.match(help.output, new RegExp(`penstock-${program}`));
    });
    await t.test(`the health check of penstock-${program} fails while nothing runs`, async () => {
      const health = await container.run(image.healthCheck);
      assert.equal(health.code, 1, health.output);
    });
    await t.test(`penstock-${program} reports a missing configuration file`, async () => {
      const started = await container.run([...image.entrypoint, ...image.command]);
      assert.notEqual(started.code, 0);
      assert.match(started.output, new RegExp(`/etc/penstock/${program}\\.yaml`));
    });
  }

  await t.test(
    'compose.yaml connects a client through the gateway and an agent to the database',
    async () => {
      await using postgres = await Postgres.start();
      const folder = join(directory.path, 'compose');
      await using compose = await startCompose({
        root: ROOT,
        folder,
        images,
        node,
        database: postgres.address,
      });
      const client = new pg.Client(postgres.clientConfig(compose.ingress));
      await client.connect();
      const { rows } = await client.query('select 6 * 7 as answer');
      await client.end();
      assert.deepEqual(rows, [{ answer: 42 }]);
      assert.deepEqual(await compose.stop(), { gateway: 0, 'agent-a': 0, 'agent-b': 0 });
    },
  );
});
