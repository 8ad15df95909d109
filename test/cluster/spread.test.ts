import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBalancer } from '../rig/balancer.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import type { Pair } from '../rig/pair.ts';
import { startReplicas } from '../rig/replicas.ts';

const options = { targets: {}, agents: {}, gateway: { health: { heartbeatInterval: '100ms' } } };
const sharedIn = (pair: Pair) => pair.logged.filter(({ event }) => event === 'replicas-shared').length;
const through = (port: number) => ({ gateway: { url: `https://127.0.0.1:${port}` } });

test('two sessions of an agent lead to two replicas, although the load balancer sends three connections to one', async () => {
  await using _leaks = expectNoLeaks();
  await using replicas = await startReplicas(['r1', 'r2'], options);
  const { pair } = replicas;
  const [first, second] = ['r1', 'r2'].map((name) => replicas.gateway(name).tunnel.port);
  await using balancer = await startBalancer((connection) => (connection < 3 ? first : second) ?? 0);
  await replicas.agentAt('a1', 'r1', through(balancer.port));
  const replicasOf = () => pair.agents.get('a1')?.status().replicas;
  await eventually('a session to each replica', () => replicasOf()?.reached === 2, { state: replicasOf });
  assert.deepEqual(replicasOf(), { reached: 2, wanted: 2 });
  assert.equal(balancer.connections, 4);
  assert.equal(sharedIn(pair), 1, 'only when it enrolled, directly at one replica');
  const ready = pair.logged.filter(
    ({ event, replica }) => event === 'session-ready' && replica !== undefined,
  );
  assert.deepEqual(new Set(ready.slice(-2).map(({ replica }) => replica)), new Set(['r1', 'r2']));
  await eventually('the replicas of the agent in the API', async () => {
    const { sessions } = (await pair.api('GET /agents/a1')) as { sessions: { replicas?: unknown } };
    return JSON.stringify(sessions.replicas) === '{"reached":2,"wanted":2}';
  });
});

test('sessions stay where the load balancer sends them after three attempts, and try again when there are more replicas', async () => {
  await using _leaks = expectNoLeaks();
  await using replicas = await startReplicas(['r1', 'r2'], options);
  const { pair } = replicas;
  let target = replicas.gateway('r1').tunnel.port;
  await using balancer = await startBalancer(() => target);
  await replicas.agentAt('a1', 'r1', through(balancer.port));
  await eventually('the notice', () => sharedIn(pair) === 2);
  const shared = pair.logged.findLast(({ event }) => event === 'replicas-shared');
  assert.deepEqual([shared?.['reached'], shared?.['wanted']], [1, 2]);
  const replicasOf = () => pair.agents.get('a1')?.status().replicas;
  assert.deepEqual(
    pair.agents.get('a1')?.status().sessions,
    { wanted: 2, ready: 2 },
    'it has all its sessions',
  );
  assert.equal(balancer.connections, 5, 'one session, and another in four attempts');

  await replicas.stop('r2');
  await eventually('the agent to know of one replica', () => replicasOf()?.wanted === 1, {
    state: replicasOf,
  });
  target = (await replicas.start('r2')).tunnel.port;
  await eventually('a session to the other replica', () => replicasOf()?.reached === 2, {
    state: replicasOf,
  });
  assert.deepEqual(replicasOf(), { reached: 2, wanted: 2 });
});
