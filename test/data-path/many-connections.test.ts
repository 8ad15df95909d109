import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '@penstock/wire';
import type { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { memoryInUse } from '../rig/memory-in-use.ts';
import { type Pair, type PairOptions, startPair } from '../rig/pair.ts';
import { descriptorCount } from '../rig/process-measurements.ts';
import { startAnsweringAfterFin, startEcho } from '../rig/targets.ts';
import { clientOf } from './client-of.ts';
import { expectIdle, readMetrics } from './idle.ts';

const AT_ONCE = 50;

/** A pair with one connection, to `port`, whose limits are high enough for this test. */
function startWidePair(port: number, options: Partial<PairOptions> & { readonly sessions?: number } = {}) {
  const { sessions = 2, ...rest } = options;
  return startPair({
    targets: { db: port },
    agent: {
      gateway: { sessions },
      connectors: [{ name: 'db', kind: 'tcp', address: `127.0.0.1:${port}`, maxConnections: 5_000 }],
    },
    gateway: {
      pools: [{ name: 'dc1', queue: { limit: 8, timeout: '30s' } }],
      connections: [
        {
          name: 'db',
          connector: 'db',
          pools: ['dc1'],
          maxConnections: 5_000,
          ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
        },
      ],
    },
    ...rest,
  });
}

/** Calls `one` `count` times, fifty at a time, and returns the results. */
async function inBatches<Value>(count: number, one: (index: number) => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let start = 0; start < count; start += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - start);
    values.push(...(await Promise.all(Array.from({ length: size }, (_, index) => one(start + index)))));
  }
  return values;
}

/** Empties the log that the pair keeps for its tests, and returns what is in use besides it. */
function memoryWithoutLog(pair: Pair): number {
  pair.logged.splice(0);
  return memoryInUse();
}

async function openClients(pair: Pair, count: number): Promise<TestClient[]> {
  return inBatches(count, async (index) => {
    const client = await clientOf(pair, 'db');
    assert.equal(await client.echo(`number ${index}`), `number ${index}`);
    return client;
  });
}

test('a thousand concurrent connections work, are counted, and leave nothing behind', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startWidePair(echo.address.port);
  const descriptors = descriptorCount();
  const clients = await openClients(pair, 1_000);
  const metrics = await readMetrics(pair.gateway.admin);
  assert.equal(metrics.get('penstock_gateway_clients{connection="db"}'), 1_000);
  assert.equal(metrics.get('penstock_gateway_streams_open'), 1_000);
  const agents = [...pair.agents.values()].map((agent) => agent.status().streams.open);
  assert.deepEqual(agents, [500, 500]);
  // All of them concurrently.
  const answers = await Promise.all(clients.map((client) => client.echo('still here', 60_000)));
  assert.deepEqual(new Set(answers), new Set(['still here']));
  // Half of them are closed with FIN, the others are reset.
  for (const [index, client] of clients.entries()) {
    if (index % 2 === 0) client.finish();
    else client.reset();
  }
  await Promise.all(clients.map((client) => client.receive(60_000)));
  await expectIdle(pair);
  for (const client of clients) await client[Symbol.asyncDispose]();
  await eventually(
    'every descriptor to be closed',
    () => descriptorCount() <= descriptors && echo.open === 0,
  );
});

test('five thousand successive connections leave nothing behind', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startAnsweringAfterFin((request) => `got ${request.length}`);
  await using pair = await startWidePair(target.address.port);
  const once = async (index: number) => {
    await using client = await clientOf(pair, 'db');
    if (index % 5 === 4) {
      client.send('question');
      client.reset();
      return;
    }
    client.finish('question');
    assert.equal(String(await client.read(5)), 'got 8');
    if (index % 5 === 3) client.reset();
    else assert.equal((await client.receive()).ended, 'fin');
  };
  await inBatches(500, once);
  await expectIdle(pair);
  const descriptors = descriptorCount();
  const inUse = memoryWithoutLog(pair);
  await inBatches(5_000, once);
  await expectIdle(pair);
  await eventually(
    'every descriptor to be closed',
    () => descriptorCount() <= descriptors && target.open === 0,
  );
  const ends = pair.logged.filter(
    ({ event, program }) =>
      program === 'gateway' && (event === 'connection-closed' || event === 'connection-failed'),
  );
  // A client may have disconnected before it was accepted. It does not count as a connection.
  assert.ok(ends.length <= 5_000 && ends.length >= 4_000, `${ends.length} have ended.`);
  const codes = new Set(ends.splice(0).map(({ code }) => code));
  assert.ok(codes.isSubsetOf(new Set([undefined, 'CLIENT_RESET', 'CLIENT_GONE'])), [...codes].join());
  assert.equal(pair.logged.filter(({ event }) => event === 'session-lost').length, 0);
  const grown = memoryWithoutLog(pair) - inUse;
  assert.ok(grown < 5_000 * 500, `${grown} bytes more are in use after 5,000 connections.`);
});

test('if every session is full a client waits until another one disconnects', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startWidePair(echo.address.port, { agents: { a1: 'dc1' }, sessions: 1 });
  // The control stream counts as one of a session's streams.
  const clients = await openClients(pair, limits.streamsPerSession - 1);
  await using waiting = await clientOf(pair, 'db');
  waiting.send('me too');
  await eventually('the client to wait', async () => {
    const metrics = await readMetrics(pair.gateway.admin);
    return metrics.get('penstock_gateway_queue_depth{pool="dc1"}') === 1;
  });
  clients[17]?.reset();
  assert.equal(String(await waiting.read(6)), 'me too');
  waiting.reset();
  for (const client of clients) client.reset();
  await expectIdle(pair);
  for (const client of clients) await client[Symbol.asyncDispose]();
});
