import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOfGrant } from '@penstock/wire';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { Grants } from '../../src/grants/grants.ts';
import { fakeActiveGrants } from './fake-active-grants.ts';

const HOST = { id: 'host' };
const HOUR = 3_600_000;

async function scene() {
  const { store, ...opened } = await openTestStore();
  const clock = { now: Date.now() };
  const open = async () => {
    const active = fakeActiveGrants();
    const connections = () => ['orders', 'billing'];
    return { active, grants: await Grants.open({ store, active, connections, clock: () => clock.now }) };
  };
  let current = await open();
  return {
    store,
    clock,
    get active() {
      return current.active;
    },
    get grants() {
      return current.grants;
    },
    async restart() {
      current = await open();
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose].call(opened),
  };
}

test('creating a grant stores and audits only its hash, then activates it', async () => {
  await using rig = await scene();
  const request = {
    connections: ['orders', 'orders'],
    ttl: HOUR,
    sources: ['10.0.0.0/8'],
    maxConnections: 3,
  };
  const { grant, view } = await rig.grants.create(request, HOST);
  assert.match(grant, /^pst_grant_[a-z2-7]{26}$/);
  const hash = hashOfGrant(grant);
  assert.deepEqual(
    [...rig.active.terms.values()],
    [
      {
        id: view.id,
        name: view.name,
        hash,
        connections: ['orders'],
        sources: ['10.0.0.0/8'],
        maxConnections: 3,
        expiresAt: rig.clock.now + HOUR,
      },
    ],
  );
  const [row] = await rig.store.grants.list({ limit: 1 });
  assert.equal(row?.hash, hash);
  const secret = grant.slice('pst_grant_'.length);
  assert.equal(JSON.stringify([row, await rig.store.audit.list({ limit: 9 })]).includes(secret), false);
});

test('a grant for an unknown connection is rejected', async () => {
  await using rig = await scene();
  const created = rig.grants.create({ connections: ['orders', 'biling'], ttl: HOUR }, HOST);
  await assert.rejects(created, /gateway\.yaml has no connection biling\. Did you mean billing\?/);
  const other = rig.grants.create({ connections: ['warehouse'], ttl: HOUR }, HOST);
  await assert.rejects(other, /has no connection warehouse\. Its connections are: orders, billing\./);
  assert.equal(rig.active.size, 0);
});

test('revoking is audited once, survives a restart, and is idempotent', async () => {
  await using rig = await scene();
  const { view } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  rig.active.uses.set(view.id, 2);
  assert.equal((await rig.grants.list({ limit: 1 }))[0]?.inUse, 2);
  const revoked = await rig.grants.revoke(view.id, HOST);
  assert.deepEqual([revoked?.state, revoked?.inUse], ['revoked', 0]);
  assert.equal(rig.active.size, 0);
  await rig.restart();
  assert.equal(rig.active.size, 0);
  assert.equal((await rig.grants.revoke(view.id, HOST))?.state, 'revoked');
  assert.equal(await rig.grants.revoke('0'.repeat(20), HOST), undefined);
  const actions = (await rig.store.audit.list({ limit: 9 })).map(({ action }) => action);
  assert.deepEqual(actions, ['grant.revoke', 'grant.create']);
});

test('a grant is active again after a restart, until it expires', async () => {
  await using rig = await scene();
  const { view } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  const terms = rig.active.terms.get(view.id);
  await rig.restart();
  assert.deepEqual([...rig.active.terms.values()], [terms]);
  rig.clock.now += HOUR;
  await rig.restart();
  assert.equal(rig.active.size, 0);
  assert.deepEqual(
    (await rig.grants.list({ limit: 9 })).map(({ state }) => state),
    ['expired'],
  );
});

test('while the store is down, active grants stay active and none is created or revoked', async () => {
  await using rig = await scene();
  const { view } = await rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST);
  await rig.store.close();
  await assert.rejects(rig.grants.create({ connections: ['orders'], ttl: HOUR }, HOST));
  await assert.rejects(rig.grants.revoke(view.id, HOST));
  assert.deepEqual([...rig.active.terms.keys()], [view.id]);
});
