import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { Roster, type RosterRefresh } from '../../src/fleet/roster.ts';

const at = (wall: number) => ({ ...systemClock, wall: () => wall });
const ignored: RosterRefresh = { isConnected: () => false, onRevoked: () => {}, onRemoved: () => {} };

const row = (id: string, name: string) => ({
  id,
  name,
  pool: 'dc1',
  createdAt: 1,
  revokedAt: null,
  revokedReason: null,
  drainedAt: null,
});

const identity = (agentId: string, notAfter: number) => ({
  serial: `serial-${agentId}`,
  agentId,
  key: 'key',
  issuedAt: 1,
  notAfter,
  revokedAt: null,
});

test('all agents on record are known, page after page, with the end of their certificates', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.transaction(async (inside) => {
    for (let count = 0; count < 1_001; count += 1)
      await inside.agents.insert(row(`id-${count}`, `a${count}`));
    await inside.identities.insert(identity('id-7', 5_000));
  });
  const roster = await Roster.load(store, at(1_000));
  assert.equal([...roster.members].length, 1_001);
  assert.equal(roster.get('id-7')?.identityNotAfter, 5_000);
  assert.equal(roster.named('a1000')?.id, 'id-1000');
});

test('who was revoked stays until the certificate would have ended', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.agents.insert(row('gone', 'a1'));
  await store.identities.insert(identity('gone', 5_000));
  await store.agents.revoke('gone', 2_000, 'revoked');
  const roster = await Roster.load(store, at(3_000));
  assert.equal(roster.named('a1')?.revokedAt, 2_000);
  assert.equal((await Roster.load(store, at(6_000))).named('a1'), undefined);
});

test('a refresh brings what others wrote, and takes back nothing that changed here meanwhile', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.agents.insert(row('one', 'a1'));
  const roster = await Roster.load(store, at(1_000));
  await store.agents.insert(row('two', 'a2'));
  const refreshing = roster.refresh(ignored);
  roster.put({ id: 'one', name: 'a1', pool: 'dc1', drainedAt: 4_000 });
  await refreshing;
  assert.equal(roster.named('a2')?.id, 'two');
  assert.equal(roster.get('one')?.drainedAt, 4_000);
  await store.agents.setDrained('one', 4_000);
  await roster.refresh(ignored);
  assert.equal(roster.get('one')?.drainedAt, 4_000);
});

test('a store that fails leaves what is known', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.agents.insert(row('one', 'a1'));
  const roster = await Roster.load(store, at(1_000));
  await store.close();
  await assert.rejects(roster.refresh(ignored));
  assert.equal(roster.named('a1')?.id, 'one');
});
