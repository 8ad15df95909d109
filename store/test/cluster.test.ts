import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { ID_SLOTS } from '../src/connection-log/connection-ids.ts';
import type { Store } from '../src/sql-store.ts';
import { adminTokenRow as admin } from './admin-token-row.ts';
import { storeKinds } from './store-kinds.ts';

const replica = (id: string, epoch: string) =>
  ({
    id,
    epoch,
    address: '10.0.0.1:8444',
    spki: 'ab',
    version: '1.2.3',
    configDigest: 'sha256:1',
    state: 'running',
  }) as const;

const changesAfter = async (store: Store, revision: number) =>
  (await store.changes.after(revision, 100)).map(({ revision, kind, key }) => [revision, kind, key]);

for (const [kind, open] of Object.entries(storeKinds)) {
  suite(`${kind} store`, () => {
    test('a transaction that changes something has the next revision, and its changes in order', async () => {
      await using opened = await open();
      const { store } = opened;
      assert.equal(await store.changes.revision(), 0);
      const told: number[] = [];
      store.onRevision((revision) => told.push(revision));
      await store.transaction(async (inside) => {
        await inside.adminTokens.insert(admin('a1'));
        await inside.adminTokens.insert(admin('a2'));
      });
      await store.adminTokens.revoke('a1', 5);
      assert.deepEqual(await changesAfter(store, 0), [
        [1, 'admin-token', 'a1'],
        [1, 'admin-token', 'a2'],
        [2, 'admin-token', 'a1'],
      ]);
      assert.deepEqual(await changesAfter(store, 1), [[2, 'admin-token', 'a1']]);
      assert.deepEqual([await store.changes.revision(), told], [2, [1, 2]]);
    });

    test('what changes nothing or fails has no revision', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.adminTokens.insert(admin('a1'));
      assert.equal(await store.adminTokens.revoke('unknown', 5), false);
      await store.transaction((inside) => inside.adminTokens.list());
      await assert.rejects(
        store.transaction(async (inside) => {
          await inside.adminTokens.revoke('a1', 5);
          throw new TypeError('abort');
        }),
        TypeError,
      );
      await assert.rejects(store.adminTokens.insert(admin('a1')), 'the id is taken');
      assert.equal(await store.changes.revision(), 1);
      assert.deepEqual(await changesAfter(store, 0), [[1, 'admin-token', 'a1']]);
    });

    test('a write that fails ends the transaction, whoever catches the error', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.adminTokens.insert(admin('a1'));
      await assert.rejects(
        store.transaction(async (inside) => {
          await inside.adminTokens.insert(admin('a2'));
          await inside.adminTokens.insert(admin('a1')).catch(() => {});
        }),
        /a1|unique|constraint/i,
      );
      assert.deepEqual(
        (await store.adminTokens.list()).map(({ id }) => id),
        ['a1'],
      );
      await store.adminTokens.insert(admin('a3'));
      assert.equal(await store.changes.revision(), 2);
    });

    test('concurrent transactions have a revision each, without gaps', async () => {
      await using opened = await open();
      const { store } = opened;
      const ids = Array.from({ length: 24 }, (_, index) => `a${10 + index}`);
      await Promise.all(ids.map((id) => store.adminTokens.insert(admin(id))));
      const rows = await store.changes.after(0, 100);
      assert.deepEqual(
        rows.map(({ revision }) => revision),
        ids.map((_, index) => index + 1),
      );
      assert.deepEqual(rows.map(({ key }) => key).sort(), ids);
    });

    test('a replica renews its lease by the clock of the database, and loses it to its next life', async () => {
      await using opened = await open();
      const { replicas } = opened.store;
      const first = await replicas.join(replica('r1', 'e1'), 15_000);
      assert.equal(first.expiresAt - first.now >= 14_000 && first.expiresAt - first.now <= 15_000, true);
      const renewed = await replicas.renew({ id: 'r1', epoch: 'e1' }, 20_000);
      assert.ok(renewed !== undefined && renewed.expiresAt > first.expiresAt);
      assert.equal(await replicas.update({ id: 'r1', epoch: 'e1' }, { state: 'draining' }), true);
      assert.deepEqual(
        (await replicas.list()).map(({ id, state }) => [id, state]),
        [['r1', 'draining']],
      );
      await replicas.join(replica('r1', 'e2'), 15_000);
      assert.equal(await replicas.renew({ id: 'r1', epoch: 'e1' }, 15_000), undefined);
      assert.equal(await replicas.leave({ id: 'r1', epoch: 'e1' }), false);
      assert.deepEqual(
        (await replicas.list()).map(({ epoch, state }) => [epoch, state]),
        [['e2', 'running']],
      );
      assert.equal(await replicas.leave({ id: 'r1', epoch: 'e2' }), true);
      assert.deepEqual(await replicas.list(), []);
    });

    test('each replica has a slot of its own for ids, also those that join at the same time', async () => {
      await using opened = await open();
      const { replicas } = opened.store;
      const names = Array.from({ length: 12 }, (_, index) => `r${10 + index}`);
      const joined = await Promise.all(names.map((name) => replicas.join(replica(name, 'e1'), 60_000)));
      const slots = joined.map(({ idSlot }) => idSlot);
      assert.equal(new Set(slots).size, names.length, String(slots));
      assert.ok(slots.every((slot) => slot >= 0 && slot < ID_SLOTS));
      const [name = '', other = ''] = names;
      const [idSlot = -1, taken = -1] = slots;
      const again = await replicas.join({ ...replica(name, 'e1'), idSlot }, 60_000);
      assert.equal(again.idSlot, idSlot, 'the same process keeps it');
      const next = await replicas.join(replica(name, 'e2'), 60_000);
      assert.notEqual(next.idSlot, idSlot, 'the process before may still have clients');
      const late = await replicas.join({ ...replica(name, 'e2'), idSlot: taken }, 60_000);
      assert.notEqual(late.idSlot, taken, `${other} has it by now`);
    });

    test('replicas are listed with the time of the database, and pruned some time after they expired', async () => {
      await using opened = await open();
      const { replicas } = opened.store;
      await replicas.join(replica('r1', 'e1'), 1);
      await replicas.join(replica('r2', 'e1'), 60_000);
      await eventually('the first lease to expire', async () => {
        const [row] = await replicas.list();
        return row !== undefined && row.now > row.expiresAt;
      });
      assert.equal(await replicas.prune(60_000), 0);
      assert.equal(await replicas.prune(0), 1);
      assert.deepEqual(
        (await replicas.list()).map(({ id }) => id),
        ['r2'],
      );
    });

    test('a lease has one holder, and each new one a higher epoch', async () => {
      await using opened = await open();
      const { leases } = opened.store;
      const first = await leases.take('leader', 'r1', 60_000);
      assert.equal(first?.epoch, 1);
      assert.equal(await leases.take('leader', 'r2', 60_000), undefined);
      const held = { name: 'leader', holder: 'r1', epoch: 1 };
      assert.ok((await leases.renew(held, 60_000)) !== undefined);
      assert.equal(await leases.isHeld(held), true);
      await leases.release(held);
      const second = await leases.take('leader', 'r2', 60_000);
      assert.equal(second?.epoch, 2);
      assert.equal(await leases.isHeld(held), false);
      assert.equal(await leases.renew(held, 60_000), undefined);
      await leases.release(held);
      assert.equal((await leases.of('leader'))?.holder, 'r2');
    });
  });
}
