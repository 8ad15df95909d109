import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { totalmem } from 'node:os';
import { mock, test } from 'node:test';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { cpuTimes, loadBetween, parseStat } from '../../src/health/cpu-times.ts';
import { cpuSample, memorySample, startSampler } from '../../src/health/sample.ts';

const never = (error: unknown) => assert.fail(String(error));

test('enabled samples are taken repeatedly until stopped', async () => {
  await using _leaks = expectNoLeaks();
  const sampler = startSampler({ sample: ['cpu', 'memory'], interval: 10, onFailed: never });
  assert.deepEqual(sampler.latest(), {});
  const first = await eventually('a sample', () => 'cpu' in sampler.latest() && sampler.latest());
  assert.ok(first.cpu !== undefined && first.cpu.load >= 0 && first.cpu.load <= 1);
  assert.ok(first.memory !== undefined && first.memory.processBytes > 1_000_000);
  assert.ok(first.memory.availableBytes <= first.memory.totalBytes);
  assert.ok(first.memory.totalBytes <= totalmem());
  await eventually('another sample', () => sampler.latest() !== first);
  sampler.stop();
});

test('values that are not numbers are omitted, and counts are integers', () => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(cpuSample(wrong, 0.5), {});
    assert.deepEqual(cpuSample(0.5, wrong), {});
    assert.deepEqual(memorySample(wrong, 1, 1), {});
    assert.deepEqual(memorySample(1, wrong, 1), {});
    assert.deepEqual(memorySample(1, 1, wrong), {});
  }
  assert.deepEqual(memorySample(1, -1, 1), {});
  assert.deepEqual(cpuSample(0.5, -0.5), { cpu: { load: 0.5, process: 0 } });
  assert.deepEqual(memorySample(100.7, 50.2, 10.9), {
    memory: { totalBytes: 100, availableBytes: 50, processBytes: 10 },
  });
});

test('nothing is sampled when the configuration enables nothing', async () => {
  await using _leaks = expectNoLeaks();
  const sampler = startSampler({ sample: [], interval: 10, onFailed: never });
  assert.deepEqual(sampler.latest(), {});
  sampler.stop();
});

test('sampling starts no program', async () => {
  await using _leaks = expectNoLeaks();
  const names = ['exec', 'execSync', 'execFile', 'execFileSync', 'spawn', 'spawnSync', 'fork'] as const;
  const calls = names.map((name) => mock.method(childProcess, name, () => assert.fail(`${name} was called`)));
  syncBuiltinESMExports();
  try {
    const sampler = startSampler({ sample: ['cpu', 'memory'], interval: 5, onFailed: never });
    const first = await eventually('a sample', () => 'cpu' in sampler.latest() && sampler.latest());
    await eventually('another sample', () => sampler.latest() !== first);
    sampler.stop();
  } finally {
    for (const call of calls) call.mock.restore();
    syncBuiltinESMExports();
  }
});

test('the load is the busy share between two readings of /proc/stat', () => {
  const before = parseStat('cpu  100 20 30 800 50 5 5 10 90 10\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n');
  const after = parseStat('cpu  150 20 60 840 60 5 5 20 99 10\n');
  assert.ok(before !== undefined && after !== undefined);
  assert.deepEqual(before, { idle: 850, total: 1_020 });
  assert.ok(Math.abs(loadBetween(before, after) - 90 / 140) < 1e-9);
  assert.ok(Number.isNaN(loadBetween(before, before)));
  for (const text of ['', 'cpu0 1 2 3\n', 'no such file']) assert.equal(parseStat(text), undefined);
});

test('the times of the processors grow, with /proc/stat and without', async () => {
  const times = await cpuTimes();
  assert.ok(times.total > 0 && times.idle >= 0 && times.idle <= times.total, JSON.stringify(times));
});
