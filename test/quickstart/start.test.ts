import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeDirectory } from '../../examples/quickstart/left-behind.ts';
import { eventually } from '../rig/eventually.ts';
import { ManagedProcess } from '../rig/process.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const start = fileURLToPath(new URL('../../examples/quickstart/start.ts', import.meta.url));
const leftovers = async (directory: string) =>
  (await readdir(directory)).filter((name) => name.startsWith('penstock-quickstart-'));

test('npm start -- --once runs both queries, survives the killed agent, and removes its files', async () => {
  await using temporary = await temporaryDirectory();
  const { stdout } = await promisify(execFile)(process.execPath, [start, '--once', '--output', 'json'], {
    timeout: 240_000,
    env: { ...process.env, TMPDIR: temporary.path },
  });
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  assert.equal(result.query.rows.length, 3);
  assert.ok(result.query.rows[0].orders > 100);
  assert.deepEqual(result.failover.rows, result.query.rows);
  assert.equal(result.failover.killed, result.query.agent);
  assert.notEqual(result.failover.agent, result.query.agent);
  assert.equal(result.query.pool, 'demo');
  assert.match(result.connection.jdbcUrl, /^jdbc:postgresql:\/\/127\.0\.0\.1:\d+\/postgres\?/);
  for (const step of ['start', 'query', 'failover']) assert.ok(result.milliseconds[step] > 0, step);
  assert.deepEqual(await leftovers(temporary.path), []);
});

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The processes below `pid`, itself included. */
async function familyOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] => [
    parent,
    ...rows.filter(([, ppid]) => ppid === parent).flatMap(([child]) => below(child ?? 0)),
  ];
  return below(pid);
}

for (const [what, signal] of [
  ['a closed terminal', 'SIGHUP'],
  ['a killed npm start', 'SIGKILL'],
] as const) {
  test(`${what} leaves neither processes nor files of the quickstart behind`, {
    skip: process.platform === 'win32' && 'needs ps',
  }, async () => {
    await using temporary = await temporaryDirectory();
    await using quickstart = await ManagedProcess.start({
      args: [start],
      env: { NO_COLOR: '1', TMPDIR: temporary.path },
    });
    await quickstart.line('the invitation', ({ text }) => text.includes('Ctrl-C'), 90_000);
    const family = await familyOf(quickstart.pid);
    assert.ok(family.length >= 5, `${family.length} processes`);
    assert.equal((await leftovers(temporary.path)).length, 1);
    quickstart.signal(signal);
    await eventually('every process to end', () => !family.some(isRunning), { within: 60_000 });
    await eventually(
      'the directory to be removed',
      async () => (await leftovers(temporary.path)).length === 0,
    );
  });
}

test('Ctrl-C during the start ends everything, with a sentence instead of a stack trace', {
  skip: process.platform === 'win32' && 'needs process groups',
}, async () => {
  await using temporary = await temporaryDirectory();
  const quickstart = spawn(process.execPath, [start], {
    env: { ...process.env, NO_COLOR: '1', TMPDIR: temporary.path },
    // A group of its own: a terminal signals all processes of the group.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { pid } = quickstart;
  assert.ok(pid !== undefined);
  const exited = once(quickstart, 'exit');
  let output = '';
  quickstart.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (text.includes('known only to the agents')) process.kill(-pid, 'SIGINT');
  });
  const [code] = await exited;
  assert.equal(code, 130, output);
  assert.match(output, /✖ The quickstart was interrupted\. Nothing is left behind\.\n$/);
  assert.doesNotMatch(output, /Error|\n {4}at /);
  assert.deepEqual(await leftovers(temporary.path), []);
});

test('a quickstart removes the directory of another one that was killed', async () => {
  const { pid = 0 } = spawnSync(process.execPath, ['--version']);
  const left = join(tmpdir(), `penstock-quickstart-${pid}-aBcDeF`);
  const kept = join(tmpdir(), `penstock-quickstart-${process.pid}-aBcDeF`);
  for (const each of [left, kept]) await mkdir(each);
  const own = await makeDirectory();
  const names = await leftovers(tmpdir());
  assert.deepEqual(
    [left, kept, own].map((each) => names.includes(basename(each))),
    [false, true, true],
  );
  for (const each of [kept, own]) await rm(each, { recursive: true });
});
