import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { type FakeClock, fakeClock } from '../../test/rig/fake-clock.ts';
import { FakeReplicaStore } from '../../test/rig/replica-store.ts';
import { Membership } from '../src/membership.ts';

const replica = (id: string, epoch = `${id}-1`) => ({
  id,
  epoch,
  address: `${id}.example:8444`,
  spki: `key of ${epoch}`,
  version: '0.1.0',
  configDigest: 'sha256:one',
  state: 'running' as const,
});

async function joined(store: FakeReplicaStore, clock: FakeClock, id: string, epoch?: string) {
  const events: string[] = [];
  const membership = await Membership.join({
    store,
    self: replica(id, epoch),
    clock,
    onFailed: (detail) => events.push(`failed: ${detail}`),
    onRecovered: () => events.push('recovered'),
  });
  return { membership, events };
}

test('a replica renews its lease every five seconds, and counts it from before the renewal', async () => {
  const clock = fakeClock();
  const store = new FakeReplicaStore();
  const { membership } = await joined(store, clock, 'r1');
  assert.equal(membership.leaseRemaining, 15_000);
  const before = store.rows.get('r1')?.expiresAt ?? 0;
  await clock.pass(4_000);
  assert.equal(membership.leaseRemaining, 11_000);
  store.clockOffset = 600_000;
  await clock.pass(1_000);
  await eventually('the renewal', () => membership.leaseRemaining === 15_000);
  assert.ok((store.rows.get('r1')?.expiresAt ?? 0) > before);
  // The clock of the database is another one than this host's.
  assert.ok(membership.clockOffset > 500_000, `${membership.clockOffset}`);
  await membership.stop();
  assert.equal(store.rows.size, 0);
});

test('while the store is away, the replicas stay as they were, and the lease runs out', async () => {
  const clock = fakeClock();
  const store = new FakeReplicaStore();
  const other = await joined(store, clock, 'r2');
  const { membership, events } = await joined(store, clock, 'r1');
  store.isAway = true;
  for (let renewal = 0; renewal < 4; renewal += 1) {
    await clock.pass(5_000);
    await eventually('the failure', () => events.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(membership.leaseRemaining, 0);
  assert.deepEqual(
    membership.members.map(({ id, isExpired }) => [id, isExpired]),
    [
      ['r1', false],
      ['r2', false],
    ],
  );
  assert.match(events[0] ?? '', /^failed: The store does not answer/);
  store.isAway = false;
  await clock.pass(5_000);
  await eventually('the store to be used again', () => events.includes('recovered'));
  assert.equal(membership.leaseRemaining, 15_000);
  await Promise.all([membership.stop(), other.membership.stop()]);
});

test('a process that is started again takes over the row, and listeners are called once per change', async () => {
  const clock = fakeClock();
  const store = new FakeReplicaStore();
  const first = await joined(store, clock, 'r2');
  const { membership } = await joined(store, clock, 'r1');
  let changes = 0;
  membership.onChange(() => {
    changes += 1;
  });
  const second = await joined(store, clock, 'r2', 'r2-2');
  await clock.pass(1_500);
  await membership.refresh();
  assert.equal(changes, 1);
  assert.equal(membership.members.find(({ id }) => id === 'r2')?.epoch, 'r2-2');
  // What is read again too soon, or unchanged, calls nobody.
  await membership.refresh();
  await clock.pass(1_500);
  await membership.refresh();
  assert.equal(changes, 1);
  // The end of the first process leaves the row of the second.
  await first.membership.stop();
  assert.equal(store.rows.get('r2')?.epoch, 'r2-2');
  await Promise.all([membership.stop(), second.membership.stop()]);
});
