import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startEcho } from '../rig/targets.ts';
import { startUnresponsive } from '../rig/unresponsive.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';

/** No timeout of the gateway but that of a suspected session ends within the test. */
const PATIENT = {
  dial: { attemptTimeout: '2m', totalTimeout: '5m' },
  tunnel: { pingInterval: '10m', pingTimeout: '5m' },
};

test('clients of an agent that has gone dark are served by another one, and its own connections move on', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using pair = await startPair({
    targets: { db: target.address.port },
    agents: {},
    gateway: PATIENT,
    // Long enough that no busy machine makes the agent give up a link that is well: its session has to be lost later.
    agent: { tunnel: { pingInterval: '1s', pingTimeout: '10s' } },
  });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  await pair.startAgent('dark', { gateway: { url: `https://127.0.0.1:${relay.address.port}` } });
  await pair.connected('dark');
  await using held = await clientOf(pair, 'db');
  assert.equal(await held.echo('before'), 'before');
  await pair.startAgent('bright');
  await pair.connected('bright');
  // Busier than the dark agent, which every new client would therefore be sent to.
  const busy = await Promise.all(Array.from({ length: 8 }, () => clientOf(pair, 'db')));
  for (const client of busy) await client.echo('busy');
  const before = pair.logged.length;
  relay.blackHole();
  for (let round = 0; round < 6; round += 1) {
    await using client = await clientOf(pair, 'db');
    assert.equal(await client.echo(`round ${round}`, 15_000), `round ${round}`);
  }
  await eventually('its session to be lost', () =>
    pair.logged.slice(before).some(({ event, agent }) => event === 'session-lost' && agent === 'dark'),
  );
  await relay.restore();
  assert.equal(await held.echo('after', 30_000), 'after');
  for (const client of busy) await client[Symbol.asyncDispose]();
  await held[Symbol.asyncDispose]();
  await expectIdle(pair);
});

test('data sent into a session that is dead without a sign of it shows that it is, in both directions', async () => {
  await using _leaks = expectNoLeaks();
  const targets: Socket[] = [];
  await using server = await LoopbackServer.start((socket) => {
    targets.push(socket);
    socket.on('data', (bytes) => socket.write(bytes));
    socket.on('end', () => socket.end());
  });
  const { tunnel } = PATIENT;
  await using pair = await startPair({
    targets: { db: server.address.port },
    agents: {},
    gateway: PATIENT,
    agent: { tunnel },
  });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  await pair.startAgent('a1', { gateway: { url: `https://127.0.0.1:${relay.address.port}` } });
  await pair.connected('a1');
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  relay.blackHole();
  client.send('from the client');
  await pair.event('session-lost');
  await relay.restore();
  assert.equal(String(await client.read(15, 15_000)), 'from the client');
  await pair.connected('a1');
  const resumed = pair.event('connection-resumed');
  relay.blackHole();
  await relay.restore();
  targets[0]?.write('from the target');
  await resumed;
  assert.equal(String(await client.read(15, 15_000)), 'from the target');
  await client[Symbol.asyncDispose]();
  await expectIdle(pair);
});

test('a target that is slow does not make its agent suspect', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startUnresponsive();
  await using pair = await startPair({
    targets: { db: target.address.port },
    gateway: { dial: { attemptTimeout: '2s', totalTimeout: '2s' } },
  });
  const failed = pair.event('connection-failed');
  await using client = await clientOf(pair, 'db');
  // On a busy machine the agent may say so after the attempt is over.
  assert.match(String((await failed)['code']), /^(DIAL|AGENT)_TIMEOUT$/);
  assert.equal((await client.receive()).ended, 'reset');
  assert.ok(pair.logged.every(({ event }) => event !== 'session-lost'));
});
