import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetScene, SECOND } from './fleet-scene.ts';

test('two processes that both keep sending heartbeats are clones, and both are shown until one has disconnected', async () => {
  const { fleet, clock, open, change, beat, codes } = await fleetScene();
  const one = open({ bootId: 'boot-1', address: '192.0.2.1' });
  beat(one);
  await clock.pass(5 * SECOND);
  const other = open({ bootId: 'boot-2', address: '192.0.2.2' });
  await clock.pass(10 * SECOND);
  beat(other);
  beat(one);
  assert.deepEqual(codes(), ['CONNECTED'], 'a heartbeat that was in transit is not proof yet');
  await clock.pass(SECOND);
  beat(one);
  assert.deepEqual(codes(), ['CLONED_IDENTITY']);
  assert.equal(fleet.isSuspended('a1'), true);
  assert.match(
    fleet.agent('a1')?.detail ?? '',
    /^boot-1 at 192\.0\.2\.1 since .+, and boot-2 at 192\.0\.2\.2/,
  );
  assert.deepEqual(
    fleet.agent('a1')?.boots.map(({ id, address }) => [id, address]),
    [
      ['boot-1', '192.0.2.1'],
      ['boot-2', '192.0.2.2'],
    ],
  );
  change(one, 'ended');
  assert.deepEqual([codes(), fleet.isSuspended('a1')], [['CONNECTED'], false]);
});

test('a restart is not a clone, however long the dead session remains', async () => {
  const { clock, open, change, beat, codes } = await fleetScene();
  const before = open({ bootId: 'boot-1' });
  beat(before);
  const after = open({ bootId: 'boot-2' });
  // A heartbeat that the process sent before it died.
  await clock.pass(9 * SECOND);
  beat(before);
  for (let count = 0; count < 10; count += 1) {
    await clock.pass(15 * SECOND);
    beat(after);
    assert.deepEqual(codes(), ['CONNECTED']);
  }
  change(before, 'ended');
  assert.deepEqual(codes(), ['CONNECTED']);
});

test('a process that leaves while its successor is connected is not a clone', async () => {
  const { clock, open, change, beat, codes } = await fleetScene();
  const before = open({ bootId: 'boot-1' });
  change(before, 'draining');
  const after = open({ bootId: 'boot-2' });
  for (let count = 0; count < 5; count += 1) {
    await clock.pass(15 * SECOND);
    beat(before);
    beat(after);
    assert.deepEqual(codes(), ['CONNECTED']);
  }
});
