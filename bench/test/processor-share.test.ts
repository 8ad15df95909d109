import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { holdToShare, whyNoShares } from '../process/processor-share.ts';

test('a process is held to a share of a processor until the limit is lifted, or there is a reason', async () => {
  const reason = await whyNoShares();
  if (reason !== undefined) {
    assert.match(reason, /Linux|control group/);
    return;
  }
  const child = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const groups = () => readFile(`/proc/${pid}/cgroup`, 'utf8');
  const limits = await holdToShare([pid], 0.5);
  assert.match(await groups(), new RegExp(`penstock-bench-${pid}$`, 'm'));
  await limits[Symbol.asyncDispose]();
  assert.doesNotMatch(await groups(), /penstock-bench/);
  child.stdin?.end();
  await once(child, 'exit');
});

test('the limit of a process that has ended is lifted as well', async () => {
  if ((await whyNoShares()) !== undefined) return;
  const child = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  const limits = await holdToShare([child.pid ?? 0], 0.5);
  child.stdin?.end();
  await once(child, 'exit');
  await limits[Symbol.asyncDispose]();
});
