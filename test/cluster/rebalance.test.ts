import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBalancer } from '../rig/balancer.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startReplicas } from '../rig/replicas.ts';
import { startEcho } from '../rig/targets.ts';

type Listed = {
  readonly name: string;
  readonly sessions: number;
  readonly agents: number;
  readonly loadPercent?: number;
};

test('a replica with more agents than the others sends some away, and their connections go on', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using replicas = await startReplicas(['r1', 'r2', 'r3'], {
    targets: { db: target.address.port },
    agents: {},
    agent: { gateway: { sessions: 1 } },
    gateway: { health: { heartbeatInterval: '200ms' } },
    cluster: { rebalanceInterval: '300ms' },
  });
  const { pair } = replicas;
  const listed = async () =>
    ((await replicas.api('r3', 'GET /replicas')) as unknown as { items: Listed[] }).items;
  // The load balancer of two agents leads to r1 whatever they do: asked to leave, they find no other and stay.
  for (const agent of ['a1', 'a2']) await pair.startAgent(agent);
  await pair.event('session-kept', { past: true });
  // Those that come now enroll and begin at r1, and are led to r2 and r3 afterwards.
  await using balancers = new AsyncDisposableStack();
  let moves = 0;
  for (const agent of ['a3', 'a4']) {
    const balancer = balancers.use(
      await startBalancer((connection) => {
        const replica = connection < 2 ? 'r1' : ['r2', 'r3'][moves++ % 2];
        return replicas.gateway(replica ?? '').tunnel.port;
      }),
    );
    await pair.startAgent(agent, { gateway: { url: `https://127.0.0.1:${balancer.port}` } });
    await pair.connected(agent);
  }
  await using clients = new AsyncDisposableStack();
  const echoes = [];
  for (const replica of ['r1', 'r2', 'r1', 'r2', 'r3']) {
    const client = clients.use(await replicas.client(replica, 'db'));
    assert.equal(await client.echo('before'), 'before');
    echoes.push(client);
  }
  await eventually(
    'the sessions to be spread',
    async () => {
      const counts = (await listed()).map(({ sessions }) => sessions).sort();
      assert.deepEqual(counts, [1, 1, 2]);
      return true;
    },
    { within: 30_000, state: listed },
  );
  await pair.event('rebalance-ended', { past: true });
  for (const client of echoes) assert.equal(await client.echo('after'), 'after');
  const { sessions, agents, loadPercent } = (await listed()).find(({ name }) => name === 'r1') ?? {};
  assert.deepEqual({ sessions, agents, loadPercent }, { sessions: 2, agents: 2, loadPercent: 150 });
  const { sentAway = 0 } = replicas.gateway('r1').cluster ?? {};
  assert.ok(sentAway === 3 || sentAway === 4, 'two have left, and one or two have found no other replica');
  assert.equal(replicas.gateway('r2').cluster?.sentAway, 0);
  const cut = pair.logged.filter(({ event, code }) => event === 'connection-closed' && code !== undefined);
  assert.deepEqual(cut, []);
});
