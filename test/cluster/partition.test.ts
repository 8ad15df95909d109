import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Replicas, startReplicas } from '../rig/replicas.ts';
import { startEcho } from '../rig/targets.ts';

type Explanation = { attempts: { tries: { agent: string; replica?: string }[] }[] };

const agentsAt = async (replicas: Replicas, name: string) => {
  const { items } = await replicas.api(name, 'GET /sessions');
  return [...new Set((items as { agent: string }[]).map(({ agent }) => agent))].sort().join(' ');
};

test('a link that fails in one direction hides the agents behind it there, and nowhere else', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using replicas = await startReplicas(['r1', 'r2'], {
    targets: { db: target.address.port },
    agents: { a1: 'r1', a2: 'r2' },
  });
  const link = replicas.link('r2');
  await eventually('both replicas to have both agents', async () => {
    const seen = [await agentsAt(replicas, 'r1'), await agentsAt(replicas, 'r2')];
    return seen.every((agents) => agents === 'a1 a2');
  });
  await using kept = await replicas.client('r1', 'db');
  assert.equal(await kept.echo('before'), 'before');
  // Only what r1 sends to r2 goes this way: r2 has a session of its own to r1.
  link.blackHole();
  await eventually('r1 to hide the agent of r2', async () => (await agentsAt(replicas, 'r1')) === 'a1');
  assert.equal(await agentsAt(replicas, 'r2'), 'a1 a2');
  await using other = await replicas.client('r1', 'db');
  assert.equal(await other.echo('by a1'), 'by a1');
  assert.equal(await kept.echo('still by a1'), 'still by a1');
  await link.restore();
  await eventually('r1 to have both agents again', async () => (await agentsAt(replicas, 'r1')) === 'a1 a2');
  await replicas.pair.stopAgent('a1');
  await using relayed = await replicas.client('r1', 'db');
  assert.equal(await relayed.echo('by way of r2'), 'by way of r2');
  const { attempts } = (await replicas.api('r1', 'GET /connections/db/explain')) as unknown as Explanation;
  assert.deepEqual(attempts[0]?.tries.at(-1)?.replica, 'r2');
});
