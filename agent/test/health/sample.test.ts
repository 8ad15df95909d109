import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
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
  await eventually('another sample', () => sampler.latest() !== first);
  sampler.stop();
});

test('values that are not numbers are omitted, and counts are integers', () => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(cpuSample(wrong, 0.5), {});
    assert.deepEqual(cpuSample(50, wrong), {});
    assert.deepEqual(memorySample(wrong, 1, 1), {});
    assert.deepEqual(memorySample(1, wrong, 1), {});
    assert.deepEqual(memorySample(1, 1, wrong), {});
  }
  assert.deepEqual(memorySample(1, -1, 1), {});
  assert.deepEqual(cpuSample(50, -0.5), { cpu: { load: 0.5, process: 0 } });
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
