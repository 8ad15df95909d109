import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { Postgres } from '../rig/postgres.ts';
import { startReplicas } from '../rig/replicas.ts';
import { startEcho } from '../rig/targets.ts';

test('what one replica decides holds for an agent that is connected to another one', async (context) => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start();
  await using target = await startEcho();
  await using replicas = await startReplicas(['r1', 'r2'], {
    targets: { db: target.address.port },
    environment: { DATABASE_URL: postgres.url() },
    gateway: { store: { url: '${env:DATABASE_URL}' } },
    agents: { a1: 'r2' },
  });
  const { pair } = replicas;
  await eventually('r1 to have the session', async () => {
    const { items } = (await replicas.api('r1', 'GET /sessions')) as { items: { replica?: string }[] };
    return items.some(({ replica }) => replica === 'r2');
  });

  await context.test('its name is taken for another key that enrolls here', async () => {
    const refused = pair.event('agent-refused', { where: ({ program }) => program === 'gateway' });
    const { port } = replicas.gateway('r1').tunnel;
    await using _other = await pair.startClone('a1', {
      gateway: { url: `https://127.0.0.1:${port}` },
      identity: { directory: join(pair.directory, 'another-key') },
    });
    assert.equal((await refused)['code'], 'NAME_TAKEN');
    assert.equal(pair.agents.get('a1')?.status().sessions.ready, 2);
  });

  await context.test(
    'its revocation ends the connections of clients here, which go by way of the other',
    async () => {
      await using client = await replicas.client('r1', 'db');
      assert.equal(await client.echo('by way of r2'), 'by way of r2');
      const received = client.receive();
      await replicas.api('r1', 'POST /agents/a1/revoke');
      assert.equal((await received).ended, 'reset');
      await eventually('nothing to be left', async () => {
        for (const name of ['r1', 'r2']) await replicas.gateway(name).cluster?.idle();
        return target.open === 0;
      });
    },
  );
});
