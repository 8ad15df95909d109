import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipWithout } from '../rig/optional.ts';
import { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { freshTree } from './fresh-tree.ts';
import { shellBlocks } from './shell-blocks.ts';

const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
const blocks = shellBlocks(readme);
const under = (heading: string) =>
  blocks.filter((block) => block.heading === heading).map(({ text }) => text);

test('every shell block of the README is run by a test', () => {
  assert.deepEqual(
    blocks.map(({ heading }) => heading),
    // The first two are npm start (test/quickstart) and npm test.
    ['Quick start', 'Quick start', ...Array(5).fill('Install'), 'Files in CI'],
  );
  assert.deepEqual(under('Quick start'), ['npm ci && npm start\n', 'npm ci && npm test\n']);
});

test('the steps of the README lead from a clone to a query', {
  skip: skipWithout('psql') || skipWithout('curl') || skipWithout('bash') || skipWithout('git'),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using tree = await freshTree();
  await using database = await Postgres.start();
  // Pasted as they are, but for ports, which may be in use on this machine, and the address of the database.
  const changes: [string, string][] = [['127.0.0.1:5432', `127.0.0.1:${database.address.port}`]];
  for (const port of ['8443', '8080', '15432', '9070']) changes.push([port, String(await unusedPort())]);
  const steps = changes.reduce(
    (text, [written, used]) => {
      assert.ok(text.includes(written), `The README does not contain ${written}.`);
      return text.replaceAll(written, used);
    },
    // The next block is pasted when the one before it is done, as a reader would.
    under('Install').join('\n'),
  );
  const admin = changes.find(([written]) => written === '8080')?.[1];
  const ci = under('Files in CI').join('\n').replaceAll('git show main:agent.yaml', 'cat agent.yaml');
  const script = [
    'set -ex',
    "trap 'code=$?; kill $(jobs -p) 2>/dev/null || true; wait; cat gateway.log agent.log; exit $code' EXIT",
    steps,
    ci,
    'kill %1 %2',
    'wait',
    'echo stopped',
  ].join('\n');
  // Without what npm adds to it for this test run.
  const machinePath = String(process.env['PATH'])
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
  await using shell = await ManagedProcess.start({
    command: 'bash',
    args: ['-c', script],
    cwd: tree.path,
    env: {
      PATH: `${tree.stubs}:${machinePath}`,
      PGPASSWORD: database.password,
      // Not on its default port, here.
      PENSTOCK_URL: `http://127.0.0.1:${admin}`,
    },
  });
  const { code } = await shell.exit(150_000);
  assert.equal(code, 0, shell.output);
  assert.match(shell.output, /PostgreSQL 18/);
  assert.match(shell.output, /dc1-a/);
  assert.match(shell.output, /^stopped$/m);
  assert.doesNotMatch(shell.output, /command not found/);
});
