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

test('all agents on record are loaded, page after page, with the expiry of their certificates', async () => {
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

test('a revoked agent stays until its certificate would have expired', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.agents.insert(row('gone', 'a1'));
  await store.identities.insert(identity('gone', 5_000));
  await store.agents.revoke('gone', 2_000, 'revoked');
  const roster = await Roster.load(store, at(3_000));
  assert.equal(roster.named('a1')?.revokedAt, 2_000);
  assert.equal((await Roster.load(store, at(6_000))).named('a1'), undefined);
});

test('a refresh adds what others wrote, and does not revert what changed here in the meantime', async () => {
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

test('when the store fails, everything known stays', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.agents.insert(row('one', 'a1'));
  const roster = await Roster.load(store, at(1_000));
  await store.close();
  await assert.rejects(roster.refresh(ignored));
  assert.equal(roster.named('a1')?.id, 'one');
});

test('an agent that the store has lost is kept while its certificate is valid or it has a session', async () => {
  await using opened = await openTestStore();
  const clock = { ...systemClock, wall: () => now };
  let now = 1_000;
  const roster = await Roster.load(opened.store, clock);
  for (const id of ['absent', 'connected'])
    roster.put({ id, name: id, pool: 'dc1', identityNotAfter: 5_000 });
  const removed: string[] = [];
  const refresh = (connected: readonly string[]) =>
    roster.refresh({
      ...ignored,
      isConnected: ({ id }) => connected.includes(id),
      onRemoved: ({ id }) => removed.push(id),
    });
  await refresh(['connected']);
  assert.deepEqual([roster.size, removed], [2, []]);
  now = 5_000;
  await refresh(['connected']);
  assert.deepEqual([roster.named('absent'), removed], [undefined, ['absent']]);
  assert.equal(roster.named('connected')?.id, 'connected');
  await refresh([]);
  assert.deepEqual([roster.size, removed], [0, ['absent', 'connected']]);
});

test('a revocation that others wrote is reported once, even if the rest of the refresh fails', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.agents.insert(row('one', 'a1'));
  await store.identities.insert(identity('one', 5_000));
  let isFailing = false;
  const agents = {
    ...store.agents,
    list: (page: Parameters<typeof store.agents.list>[0]) =>
      isFailing ? Promise.reject(new Error('The store is away.')) : store.agents.list(page),
  };
  const roster = await Roster.load({ agents, identities: store.identities }, at(1_000));
  await store.agents.revoke('one', 2_000, 'revoked');
  const revoked: string[] = [];
  const reporting = { ...ignored, onRevoked: ({ id }: { readonly id: string }) => revoked.push(id) };
  isFailing = true;
  await assert.rejects(roster.refresh(reporting));
  assert.deepEqual(revoked, ['one']);
  isFailing = false;
  await roster.refresh(reporting);
  assert.deepEqual(revoked, ['one']);
});

test('a refresh keeps the members that have not changed', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.agents.insert(row('one', 'a1'));
  const roster = await Roster.load(store, at(1_000));
  const before = roster.get('one');
  await roster.refresh(ignored);
  assert.equal(roster.get('one'), before);
});
