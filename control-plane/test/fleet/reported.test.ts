import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UpgradeStatus } from '@penstock/wire';
import { fleetScene } from './fleet-scene.ts';

const upgrade: UpgradeStatus = {
  upgrader: 'host',
  policy: 'allow',
  state: 'waiting',
  since: 1,
  installed: [],
  failed: [],
};

test('an agent has reported from the first heartbeat of its process after it connected', async () => {
  const { fleet, open, change, beat } = await fleetScene();
  const seen = () => [fleet.agent('a1')?.hasReported, fleet.agent('a1')?.upgrade?.state];
  const first = open();
  assert.deepEqual(seen(), [false, undefined]);
  beat(first, { upgrade });
  assert.deepEqual(seen(), [true, 'waiting']);
  const second = open({ index: 1, wanted: 2 });
  assert.deepEqual(seen(), [true, 'waiting'], 'another session of a process that has reported');
  change(first, 'ended');
  change(second, 'ended');
  const third = open();
  assert.deepEqual(seen(), [false, 'waiting'], 'it may have changed while the agent was away');
  fleet.setUpgrade('a1', { ...upgrade, state: 'switching' });
  assert.deepEqual(seen(), [true, 'switching']);
  open({ bootId: 'boot-2', index: 1 });
  assert.deepEqual(seen(), [false, undefined], 'another process has not reported');
  change(third, 'ended');
});
