import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { startHostHealth } from '../../src/composition/host-health.ts';

test('a reload that does not change health keeps the samples', async () => {
  await using _leaks = expectNoLeaks();
  await using scope = new AsyncDisposableStack();
  const health = { sample: ['memory'] as const, sampleInterval: 3_600_000 };
  const hostHealth = startHostHealth(scope, { ...health, sample: [...health.sample] }, () => {});
  await eventually('the first sample', () => hostHealth.latest().memory !== undefined);
  const { memory } = hostHealth.latest();
  hostHealth.apply({ ...health, sample: [...health.sample] });
  assert.deepEqual(hostHealth.latest().memory, memory);

  hostHealth.apply({ ...health, sample: [] });
  assert.equal(hostHealth.latest().memory, undefined);
});
