import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { clientOf, expectReset } from './client-of.ts';
import { expectIdle } from './idle.ts';

test('maxConnections of a connector: another agent is used, then the open fails until a connection is closed', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { db: echo.address.port },
    agent: {
      connectors: [{ name: 'db', kind: 'tcp', address: `127.0.0.1:${echo.address.port}`, maxConnections: 2 }],
    },
  });
  const clients: TestClient[] = [];
  for (let time = 0; time < 4; time += 1) {
    const client = await clientOf(pair, 'db');
    assert.equal(await client.echo('room'), 'room');
    clients.push(client);
  }
  const carriers = pair.logged.filter(({ event }) => event === 'connection-opened').map(({ agent }) => agent);
  assert.deepEqual(carriers.toSorted(), ['a1', 'a1', 'a2', 'a2']);
  await expectReset(pair, 'db');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'AGENT_OVERLOADED');
  assert.equal(echo.open, 4);

  const [leaving] = clients;
  leaving?.finish();
  assert.equal((await leaving?.receive())?.ended, 'fin');
  await eventually('a connection to be closed', () => echo.open === 3);
  await eventually('another client to be served', async () => {
    await using sixth = await clientOf(pair, 'db');
    return (await sixth.echo('room').catch(() => '')) === 'room';
  });
  for (const client of clients) await client[Symbol.asyncDispose]();
  await expectIdle(pair);
});

test('maxConnections of a connection: a client beyond it is reset immediately, and others are not affected', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { db: echo.address.port },
    gateway: {
      connections: [
        {
          name: 'db',
          connector: 'db',
          pools: ['dc1'],
          maxConnections: 2,
          ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
        },
      ],
    },
  });
  await using first = await clientOf(pair, 'db');
  await using second = await clientOf(pair, 'db');
  await first.echo('one');
  await second.echo('two');
  await expectReset(pair, 'db');
  assert.equal((await pair.event('client-denied', { past: true }))['code'], 'LIMIT_EXCEEDED');
  assert.equal(await first.echo('still here'), 'still here');
  second.finish();
  await second.receive();
  await eventually('another client to be served', async () => {
    await using next = await clientOf(pair, 'db');
    return (await next.echo('room').catch(() => '')) === 'room';
  });
  first.reset();
  await expectIdle(pair);
});

test('a client outside the allow list is reset, and no open is sent', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { db: echo.address.port },
    gateway: {
      connections: [
        {
          name: 'db',
          connector: 'db',
          pools: ['dc1'],
          ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.2/32', '::/0'] }],
        },
      ],
    },
  });
  await expectReset(pair, 'db');
  const entry = await pair.event('client-denied', { past: true });
  assert.deepEqual(
    [entry['code'], entry['client'], entry['connection']],
    ['CLIENT_DENIED', '127.0.0.1', 'db'],
  );
  assert.equal(echo.accepted, 0);
  await using allowed = await TestClient.connect({
    host: '127.0.0.1',
    port: pair.port('db'),
    localAddress: '127.0.0.2',
  });
  assert.equal(await allowed.echo('thanks'), 'thanks');
  allowed.reset();
  await expectIdle(pair);
});
