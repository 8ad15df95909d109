import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { holdToShare, whyNoShares } from '../process/processor-share.ts';

/** A process that runs until it is ended. */
async function startChild(t: TestContext) {
  const child = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  const end = async () => {
    child.stdin?.end();
    if (child.exitCode === null) await once(child, 'exit');
  };
  t.after(end);
  return { pid: child.pid ?? 0, end };
}

const groupsOf = (pid: number) => readFile(`/proc/${pid}/cgroup`, 'utf8');

/** The share that a process is held to, as the kernel tells it; undefined without a limit. */
async function shareOf(pid: number): Promise<number | undefined> {
  const own = /^\d+:([^:]*):(.*penstock-bench-\d+)$/m.exec(await groupsOf(pid));
  if (own === null) return undefined;
  const [, controllers = '', path = ''] = own;
  const folder = join('/sys/fs/cgroup', controllers === '' ? '' : 'cpu', path);
  const read = async (name: string) => (await readFile(join(folder, name), 'utf8')).trim();
  const [quota, period] = existsSync(join(folder, 'cpu.max'))
    ? (await read('cpu.max')).split(' ')
    : [await read('cpu.cfs_quota_us'), await read('cpu.cfs_period_us')];
  return Number(quota) / Number(period);
}

test('a process is held to a share of a processor, and is back where it was afterwards', async (t) => {
  const reason = await whyNoShares();
  if (reason !== undefined) {
    t.diagnostic(`nothing can be held to a share here: ${reason}`);
    return;
  }
  const { pid } = await startChild(t);
  const before = await groupsOf(pid);
  const limits = await holdToShare([pid], 0.4);
  assert.equal(await shareOf(pid), 0.4);
  await limits[Symbol.asyncDispose]();
  assert.equal(await groupsOf(pid), before);
});

test('the limit of a process that has ended is lifted as well', async (t) => {
  if ((await whyNoShares()) !== undefined) return;
  const { pid, end } = await startChild(t);
  const limits = await holdToShare([pid], 0.5);
  await end();
  await limits[Symbol.asyncDispose]();
  assert.equal(await whyNoShares(), undefined);
});
