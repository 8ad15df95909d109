import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startReplicas } from '../rig/replicas.ts';
import { startEcho } from '../rig/targets.ts';

test('a client reaches an agent that is connected to another replica only', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using replicas = await startReplicas(['r1', 'r2', 'r3'], {
    targets: { db: target.address.port },
    agents: { a1: 'r3' },
  });
  for (const name of ['r1', 'r2', 'r3']) {
    await using client = await replicas.client(name, 'db');
    assert.equal(await client.echo(`by way of ${name}`), `by way of ${name}`);
    client.finish();
    assert.equal((await client.receive()).ended, 'fin');
  }
  await eventually('nothing to be relayed', async () => {
    for (const name of ['r1', 'r2', 'r3']) await replicas.gateway(name).cluster?.idle();
    return target.open === 0;
  });
});
