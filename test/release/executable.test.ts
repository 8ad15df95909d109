import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { commitOf, factsOf } from '../../scripts/release/build-facts.ts';
import { bundle, folderOf, programs } from '../../scripts/release/bundle.ts';
import { writeExecutable } from '../../scripts/release/executable.ts';
import { ownPlatform } from '../../scripts/release/platforms.ts';
import { filesFor } from '../../scripts/release/program-files.ts';
import { makeSite, type ProgramCommands, runCommand } from '../processes/programs.ts';
import { startPrograms } from '../processes/started-programs.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { Postgres } from '../rig/postgres.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const SEQUENCE = 7;

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let commands: ProgramCommands;
const platform = ownPlatform();
const skip = platform === undefined && 'no executables are built for this system';

before(async () => {
  folder = await temporaryDirectory();
  if (platform === undefined) return;
  const facts = factsOf(commitOf(ROOT, { allowDirty: true }), SEQUENCE, []);
  const executables = programs.map(async (program) => {
    const [{ text }, { files }] = await Promise.all([
      bundle(`${folderOf(program)}/bin/${program}.js`, { root: ROOT, facts }),
      filesFor(program, { root: ROOT, facts }),
    ]);
    // Each alone in its folder: nothing around an executable may be needed.
    const output = join(folder.path, folderOf(program), program);
    await mkdir(join(folder.path, folderOf(program)));
    await writeExecutable({ main: text, files }, { node: process.execPath, platform, output });
    return output;
  });
  const [agent = '', gateway = ''] = await Promise.all(executables);
  commands = { agent: [agent], gateway: [gateway] };
});
after(() => folder[Symbol.asyncDispose]());

test('an executable is complete, and knows its version and build', { skip }, async () => {
  for (const program of ['agent', 'gateway'] as const) {
    const plain = await runCommand(program, ['self-check'], {}, commands);
    assert.equal(plain.code, 0, plain.stderr);
    assert.equal(plain.stderr, '');
    const version = await runCommand(program, ['--version'], {}, commands);
    assert.equal(plain.stdout, version.stdout);
    const { stdout } = await runCommand(program, ['self-check', '--output', 'json'], {}, commands);
    const facts = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(`${facts['version']}\n`, version.stdout);
    assert.equal(facts['executable'], true);
    assert.equal(facts['sequence'], SEQUENCE);
    assert.match(String(facts['commit']), /^[0-9a-f]{40}(-dirty)?$/);
  }
});

test('variables for Node load no code into an executable', { skip }, async () => {
  const result = await runCommand(
    'agent',
    ['--version'],
    { NODE_OPTIONS: '--import=data:text/javascript,console.log("loaded")' },
    commands,
  );
  assert.equal(result.code, 0, result.stderr);
  assert.doesNotMatch(result.stdout, /loaded/);
});

test('a query passes through a gateway and agents that are executables, which stop cleanly', {
  skip,
}, async () => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start();
  await using site = await makeSite(commands);
  const { gateway, agents, port } = await startPrograms(site, postgres.address.port);
  const client = new pg.Client(postgres.clientConfig({ host: '127.0.0.1', port }));
  await client.connect();
  const { rows } = await client.query("select repeat('x', 20000000) as x");
  assert.equal(rows[0].x.length, 20_000_000);
  await client.end();

  const agent = agents.get('agent-1');
  assert(agent);
  if (process.platform === 'linux') {
    // The threads for lookups, which the program asks for before it starts any (agent/bin).
    const threads = await readdir(`/proc/${agent.pid}/task`);
    assert.ok(threads.length > 120, `${threads.length} threads`);
  }
  for (const [, running] of agents) assert.equal((await running.stop('SIGTERM', 30_000)).code, 0);
  assert.equal((await gateway.stop('SIGTERM', 30_000)).code, 0);
  for (const { output } of [gateway, ...agents.values()]) assert.doesNotMatch(output, /Warning/);
});
