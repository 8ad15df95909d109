import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLoad } from '../load/load.ts';
import { here } from '../process/child.ts';

test('data arrives completely in both directions and is counted', async () => {
  const load = await startLoad(here, here);
  try {
    const { address } = load.target;
    for (const direction of ['up', 'down'] as const) {
      await load.client.ask('startTransfer', { address, direction, streams: 2 });
      const counts = await load.client.ask('finishTransfer', null);
      assert.equal(counts.length, 2);
      for (const { sent, arrived } of counts) assert.equal(arrived, sent);
    }
    const rate = await load.client.ask('connectRate', { address, workers: 2, warmUp: 0, window: 20 });
    assert.ok(rate > 0);
    const { p50, p99, count } = await load.client.ask('roundTrips', {
      address,
      connections: 2,
      warmUp: 0,
      window: 20,
    });
    assert.ok(count > 0 && p50 > 0 && p99 >= p50);
    await load.client.ask('hold', { address, count: 3 });
    await load.client.ask('release', null);
  } finally {
    await load.stop();
  }
});

test('an unreachable target fails the request, not the process', async () => {
  const load = await startLoad(here, here);
  try {
    const nowhere = { host: '127.0.0.1', port: 1 };
    await assert.rejects(load.client.ask('hold', { address: nowhere, count: 1 }), /ECONNREFUSED/);
    const { address } = load.target;
    await load.client.ask('hold', { address, count: 1 });
    await load.client.ask('reset', null);
  } finally {
    await load.stop();
  }
});
