import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError, TunnelError } from '@penstock/wire';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { Grants } from '../../src/access/grants.ts';

const HOST = { id: 'host' };
const HOUR = 3_600_000;

async function scene() {
  const { store, ...opened } = await openTestStore();
  const clock = { now: Date.now() };
  const open = () =>
    Grants.open({ store, hasConnection: (name) => name !== 'unknown', clock: () => clock.now });
  let grants = await open();
  return {
    store,
    clock,
    get grants() {
      return grants;
    },
    async reopen() {
      grants.close();
      grants = await open();
      return grants;
    },
    async [Symbol.asyncDispose]() {
      grants.close();
      await opened[Symbol.asyncDispose].call(opened);
    },
  };
}

test('a grant is shown once, is stored only as its hash, and is found in any case and without its prefix', async () => {
  await using rig = await scene();
  const { grant, view } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  assert.match(grant, /^pst_grant_[a-z2-7]{26}$/);
  const secret = grant.slice('pst_grant_'.length);
  for (const text of [grant, grant.toUpperCase(), secret, secret.toUpperCase()]) {
    assert.equal(rig.grants.find(text)?.id, view.id, text);
  }
  for (const text of ['', 'pst_grant_', secret.slice(1), `${secret}a`, `x${grant}`, ` ${grant}`]) {
    assert.equal(rig.grants.find(text), undefined, text);
  }
  const [row] = await rig.store.grants.list({ limit: 1 });
  assert.equal(JSON.stringify([row, await rig.store.audit.list({ limit: 9 })]).includes(secret), false);
});

test('a grant covers its connections, from its sources', async () => {
  await using rig = await scene();
  const request = { connections: ['orders', 'billing'], ttl: HOUR, sources: ['10.0.0.0/8'] };
  const { grant } = await rig.grants.create(request, HOST);
  const found = rig.grants.find(grant);
  assert.equal(found?.covers('orders', '10.1.2.3'), true);
  assert.equal(found?.covers('billing', '::ffff:10.1.2.3'), true);
  assert.equal(found?.covers('orders', '192.0.2.1'), false);
  assert.equal(found?.covers('others', '10.1.2.3'), false);
});

test('a grant for a connection that is not there is not made', async () => {
  await using rig = await scene();
  const made = rig.grants.create({ connections: ['unknown'], ttl: HOUR }, HOST);
  await assert.rejects(made, (error) => error instanceof ProblemError && error.code === 'REQUEST_INVALID');
});

test('maxConnections bounds the uses at once, and a use that ends makes room once', async () => {
  await using rig = await scene();
  const { grant } = await rig.grants.create({ connections: ['orders'], ttl: HOUR, maxConnections: 1 }, HOST);
  const found = rig.grants.find(grant);
  const use = found?.use();
  const isFull = (error: unknown) => error instanceof TunnelError && error.code === 'LIMIT_EXCEEDED';
  assert.throws(() => found?.use(), isFull);
  use?.release();
  use?.release();
  found?.use();
  assert.throws(() => found?.use(), isFull);
});

test('revoking ends the uses, once and for good, and is on record', async () => {
  await using rig = await scene();
  const { grant, view } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  const use = rig.grants.find(grant)?.use();
  assert.equal((await rig.grants.revoke(view.id, HOST))?.state, 'revoked');
  assert.equal(use?.signal.aborted, true);
  assert.match(String(use?.signal.reason), /was revoked/);
  assert.equal(rig.grants.find(grant), undefined);
  assert.equal((await rig.reopen()).find(grant), undefined);
  assert.equal((await rig.grants.revoke(view.id, HOST))?.state, 'revoked');
  assert.equal(await rig.grants.revoke('0'.repeat(20), HOST), undefined);
  const actions = (await rig.store.audit.list({ limit: 9 })).map(({ action }) => action);
  assert.deepEqual(actions, ['grant.revoke', 'grant.create']);
});

test('a grant that expired while its host slept, or when the clock was set, ends its uses', async (context) => {
  await using rig = await scene();
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { grant } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  const use = rig.grants.find(grant)?.use();
  context.mock.timers.tick(60_000);
  assert.equal(use?.signal.aborted, false);
  rig.clock.now += HOUR;
  context.mock.timers.tick(60_000);
  assert.equal(use?.signal.aborted, true);
});

test('a grant lives over a restart, until it expires', async () => {
  await using rig = await scene();
  const { grant } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  assert.notEqual((await rig.reopen()).find(grant), undefined);
  rig.clock.now += HOUR;
  assert.equal(rig.grants.find(grant), undefined);
  assert.deepEqual(
    (await rig.grants.list({ limit: 9 })).map(({ state }) => state),
    ['expired'],
  );
});

test('expiry ends the uses in time', async () => {
  await using opened = await openTestStore();
  const grants = await Grants.open({ store: opened.store, hasConnection: () => true });
  const { grant } = await grants.create({ connections: ['orders'], ttl: 300 }, HOST);
  const use = grants.find(grant)?.use();
  assert.equal(use?.signal.aborted, false);
  // The timer does not keep the process alive, and the test must.
  await eventually('the use to end', () => use?.signal.aborted === true, { within: 10_000 });
  grants.close();
});

test('while the store is down, known grants work, and none is made or revoked', async () => {
  await using rig = await scene();
  const { grant, view } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  await rig.store.close();
  assert.notEqual(rig.grants.find(grant), undefined);
  await assert.rejects(rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST));
  await assert.rejects(rig.grants.revoke(view.id, HOST));
  assert.notEqual(rig.grants.find(grant), undefined);
});
