import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeLookup } from '../rig/dns.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, type PairOptions, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { startUnresponsive } from '../rig/unresponsive.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { clientOf, expectReset } from './client-of.ts';
import { expectIdle } from './idle.ts';

/** Asserts that a client of `db` is reset without receiving a byte, and that gateway and agents log `code`. */
async function expectFailure(pair: Pair, code: string): Promise<void> {
  const failed = pair.event('connection-failed');
  await expectReset(pair, 'db');
  const entry = await failed;
  assert.equal(entry['code'], code, String(entry['detail']));
  assert.match(String(entry['detail']), /\S/);
  for (const { event, program, code: logged } of pair.logged) {
    if (event === 'open-failed') assert.equal(logged, code, program);
  }
  await expectIdle(pair);
}

/** A pair with one agent: its failure is final. */
const alone = (options: Omit<PairOptions, 'agents'>) => startPair({ ...options, agents: { a1: 'dc1' } });

test('a target that refuses the connection', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await alone({ targets: { db: await unusedPort() } });
  await expectFailure(pair, 'REFUSED');
});

test("a target that does not respond within the connector's dialTimeout", async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startUnresponsive();
  await using pair = await alone({
    targets: { db: target.address.port },
    agent: {
      connectors: [
        { name: 'db', kind: 'tcp', address: `127.0.0.1:${target.address.port}`, dialTimeout: '300ms' },
      ],
    },
  });
  const started = performance.now();
  await expectFailure(pair, 'DIAL_TIMEOUT');
  const took = performance.now() - started;
  assert.ok(took >= 290 && took < 3_000, `It took ${took} ms.`);
});

test("a target that does not respond within the gateway's dial timeouts", async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startUnresponsive();
  await using pair = await alone({
    targets: { db: target.address.port },
    gateway: { dial: { attemptTimeout: '500ms', totalTimeout: '1s' } },
  });
  await expectFailure(pair, 'DIAL_TIMEOUT');
  // The agent says that it was the target: its deadline ends before the gateway takes the agent for silent.
  const failed = await pair.event('connection-failed', { past: true });
  assert.match(
    String(failed['detail']),
    new RegExp(`^127\\.0\\.0\\.1:${target.address.port} did not answer within`),
  );
});

test('a name that does not resolve, or resolves to no addresses', async () => {
  await using _leaks = expectNoLeaks();
  const { lookup } = fakeLookup({});
  await using pair = await alone({ targets: { db: 'nowhere.internal:5432' }, lookup });
  await expectFailure(pair, 'DNS_FAILED');
  await using empty = await alone({ targets: { db: 'empty.internal:5432' }, lookup: async () => [] });
  await expectFailure(empty, 'DNS_FAILED');
});

test('a resolver that never responds', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await alone({
    targets: { db: 'slow.internal:5432' },
    lookup: () => new Promise(() => {}),
    gateway: { dial: { attemptTimeout: '300ms' } },
  });
  await expectFailure(pair, 'DNS_FAILED');
});

test('a name that resolves to invalid addresses', async () => {
  await using _leaks = expectNoLeaks();
  for (const addresses of [['localhost'], ['localhost', ''], ['127.1', '0x7f000001']]) {
    await using pair = await alone({
      targets: { db: `broken.internal:${await unusedPort()}` },
      agent: { policy: { deny: ['127.0.0.0/8', '::1/128'] } },
      lookup: async () => addresses.map((address) => ({ address, family: 4 })),
    });
    await expectFailure(pair, 'DNS_FAILED');
  }
});

test('a target in a denied range, under any name and in any notation', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const names = {
    'plain.internal': ['127.0.0.1'],
    'mapped.internal': ['::ffff:127.0.0.1'],
    'hex.internal': ['::ffff:7f00:1'],
    'unspecified.internal': ['0.0.0.0'],
    'both.internal': ['127.0.0.1', '::ffff:127.0.0.9'],
  };
  for (const host of [...Object.keys(names), '127.0.0.1', '[::ffff:127.0.0.1]']) {
    await using pair = await alone({
      targets: { db: `${host}:${echo.address.port}` },
      agent: { policy: { deny: ['127.0.0.0/8'] } },
      lookup: fakeLookup(names).lookup,
    });
    await expectFailure(pair, 'POLICY_DENIED');
  }
  assert.equal(echo.accepted, 0);
});

test('only those of several addresses that are not denied are dialed', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const { lookup } = fakeLookup({ 'db.internal': ['127.0.0.2', '::ffff:127.0.0.3', '127.0.0.1'] });
  await using pair = await alone({
    targets: { db: `db.internal:${echo.address.port}` },
    agent: { policy: { deny: ['127.0.0.2/31'] } },
    lookup,
  });
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('through the third'), 'through the third');
});

test('addresses that cannot be reached are skipped', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  // Only 127.0.0.1 listens. An address of a documentation range may be refused, unreachable or unresponsive.
  const { lookup } = fakeLookup({ 'db.internal': ['127.0.0.2', '::1', '127.0.0.1'] });
  await using pair = await alone({ targets: { db: `db.internal:${echo.address.port}` }, lookup });
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('through the last'), 'through the last');
});

test('several addresses that all fail', async () => {
  await using _leaks = expectNoLeaks();
  const { lookup } = fakeLookup({ 'db.internal': ['127.0.0.2', '127.0.0.3', '::1'] });
  await using pair = await alone({ targets: { db: `db.internal:${await unusedPort()}` }, lookup });
  await expectFailure(pair, 'REFUSED');
});

test('several addresses of which one is unresponsive: the next is tried, and its failure is reported', async () => {
  await using _leaks = expectNoLeaks();
  await using silent = await startUnresponsive();
  await using pair = await alone({
    targets: { db: `db.internal:${silent.address.port}` },
    // Nothing listens on this port of the second address.
    lookup: fakeLookup({ 'db.internal': ['127.0.0.1', '127.0.0.2'] }).lookup,
  });
  await expectFailure(pair, 'REFUSED');
});

test('a connector that the agent does not have', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await alone({
    targets: { db: echo.address.port },
    agent: { connectors: [{ name: 'another', kind: 'tcp', address: '127.0.0.1:1' }] },
    gateway: { pools: [{ name: 'dc1', queue: { limit: 8, timeout: '200ms' } }] },
  });
  await expectFailure(pair, 'UNKNOWN_CONNECTOR');
  await eventually('no client to wait', () => echo.accepted === 0);
});
