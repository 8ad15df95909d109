import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { skipWithout } from '../../test/rig/optional.ts';
import { PgBouncer } from '../../test/rig/pgbouncer.ts';
import { Postgres } from '../../test/rig/postgres.ts';
import { createPostgresStore, openPostgresStore } from '../src/postgres/open-postgres-store.ts';
import type { PostgresTarget } from '../src/postgres/postgres-target.ts';
import { StoreError, type StoreFailure, type StoreOutage } from '../src/store-error.ts';
import { adminTokenRow as admin } from './admin-token-row.ts';
import { newDatabase, openTestPostgresStore, query, sharedPostgres } from './test-postgres.ts';

const failure =
  (expected: StoreFailure, outage: StoreOutage | undefined, words: RegExp) => (error: unknown) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.deepEqual([error.failure, error.outage], [expected, outage], error.message);
    assert.match(error.message, words);
    return true;
  };

const agent = (name: string) => ({
  id: `agt_${name}`,
  name,
  pool: 'dc1',
  createdAt: 1_764_166_929_000,
  revokedAt: null,
  revokedReason: null,
  drainedAt: null,
});

test('times are numbers, and names are ordered by their bytes', async () => {
  await using opened = await openTestPostgresStore();
  const { agents } = opened.store;
  for (const name of ['b', 'B', 'a-1', 'a1', 'Ä']) await agents.insert(agent(name));
  const rows = await agents.list({ limit: 10 });
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['B', 'a-1', 'a1', 'b', 'Ä'],
  );
  assert.equal((rows[0]?.createdAt ?? 0) + 1, 1_764_166_929_001);
});

test('two gateways that create a store at once create one', async () => {
  const target = await newDatabase(await sharedPostgres());
  const stores = await Promise.all(
    Array.from({ length: 4 }, () => createPostgresStore({ target, timeout: 10_000, poolSize: 2 })),
  );
  await Promise.all(stores.map((store, index) => store.adminTokens.insert(admin(`a${index}`))));
  for (const store of stores) {
    assert.equal((await store.adminTokens.list()).length, 4);
    await store.close();
  }
});

test('a database without a store, or of another program, is not made into one', async () => {
  const postgres = await sharedPostgres();
  const target = await newDatabase(postgres);
  await assert.rejects(
    openPostgresStore({ target }),
    failure('failed', 'unusable', /Run penstock-gateway init/),
  );
  await query(postgres, 'create table orders (id int)', target.database);
  await assert.rejects(createPostgresStore({ target }), failure('failed', 'unusable', /check store\.url/));
  const account = { ...target, password: 'wrong' };
  await assert.rejects(
    openPostgresStore({ target: account }),
    failure('failed', 'rejected', /store_\d+ .*28P01/),
  );
  const elsewhere = { ...target, port: 1 };
  await assert.rejects(
    openPostgresStore({ target: elsewhere }),
    failure('failed', 'unreachable', /127\.0\.0\.1:1\/store_\d+ cannot be opened: .*ECONNREFUSED/),
  );
});

test('a store that a newer gateway has extended is used, and one that it changed is not', async () => {
  const postgres = await sharedPostgres();
  const target = await newDatabase(postgres);
  await (await createPostgresStore({ target })).close();
  const run = (sql: string) => query(postgres, sql, target.database);
  await run("insert into kysely_migration values ('9999-future', '2030-01-01T00:00:00.000Z')");
  await (await openPostgresStore({ target })).close();
  await run("update cluster set readable_from = '9999-future'");
  await assert.rejects(openPostgresStore({ target }), failure('too-new', 'unusable', /9999-future/));
});

test('many writers at several gateways wait for each other, and none fails', async () => {
  await using first = await openTestPostgresStore({ poolSize: 8 });
  await using second = await openTestPostgresStore({ poolSize: 8, target: first.target });
  const stores = [first.store, second.store];
  await Promise.all(
    Array.from({ length: 16 }, async (_, writer) => {
      const store = stores[writer % 2];
      for (let count = 0; count < 10; count += 1) {
        await store?.transaction(async (inside) => {
          const before = (await inside.adminTokens.list()).length;
          await inside.adminTokens.insert(admin(`a${String(before).padStart(4, '0')}`));
        });
      }
    }),
  );
  const rows = await first.store.changes.after(0, 1000);
  assert.deepEqual(
    rows.map(({ revision, key }) => [revision, key]),
    Array.from({ length: 160 }, (_, index) => [index + 1, `a${String(index).padStart(4, '0')}`]),
  );
});

test('a gateway that stops in the middle of a transaction does not hold up the others', async () => {
  await using stalled = await openTestPostgresStore({ timeout: 1_000 });
  await using other = await openTestPostgresStore({ timeout: 10_000, target: stalled.target });
  const inside = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const transaction = stalled.store.transaction(async (repositories) => {
    await repositories.adminTokens.insert(admin('stalled'));
    inside.resolve();
    await release.promise;
  });
  await inside.promise;
  await other.store.adminTokens.insert(admin('other'));
  release.resolve();
  await assert.rejects(transaction, failure('failed', 'unreachable', /./));
  assert.deepEqual(
    (await other.store.adminTokens.list()).map(({ id }) => id),
    ['other'],
  );
});

test('waiting callers are bounded in number and time', async () => {
  await using opened = await openTestPostgresStore({ poolSize: 1, maxWaiting: 2, timeout: 1_000 });
  const { store } = opened;
  const release = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const transaction = store.transaction(async () => {
    entered.resolve();
    await release.promise;
  });
  await entered.promise;
  const waiting = [store.agents.byId('a'), store.agents.byId('b')].map((caller) =>
    assert.rejects(caller, failure('timeout', 'silent', /in use for 1000 ms/)),
  );
  await assert.rejects(store.agents.byId('c'), failure('full', 'overloaded', /2 callers/));
  await Promise.all(waiting);
  release.resolve();
  await transaction;
  assert.equal(await store.agents.byId('d'), undefined);
});

test('a server that is stopped, stalled or read-only is an outage that ends with it', async (context) => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start();
  const target = await newDatabase(postgres);
  await using store = await disposable(target, 1_000);
  const { health, adminTokens } = store;
  const seen: (StoreOutage | undefined)[] = [];
  health.watch((outage) => seen.push(outage?.kind));
  await adminTokens.insert(admin('a1'));

  await context.test('stopped, with connections that nobody uses', async () => {
    await postgres.stop();
    await assert.rejects(adminTokens.list(), failure('failed', 'unreachable', /./));
    assert.equal(health.outage?.kind, 'unreachable');
    await postgres.restart();
    await eventually('the store to recover', () => health.outage === undefined);
    assert.deepEqual((await adminTokens.list()).length, 1);
  });

  await context.test('stalled: callers fail in time, and no connection is used again', async () => {
    await postgres.pause();
    try {
      await assert.rejects(adminTokens.list(), failure('timeout', 'silent', /within 1000 ms/));
      await assert.rejects(adminTokens.insert(admin('a2')), StoreError);
    } finally {
      await postgres.resume();
    }
    await eventually('the store to recover', () => health.outage === undefined);
    assert.deepEqual((await adminTokens.list()).length, 1);
  });

  await context.test('read-only, like a standby: reads work and writes say why not', async () => {
    await query(postgres, `alter database ${target.database} set default_transaction_read_only = on`);
    await disconnect(postgres, target.database);
    await eventually('a write to be refused', async () => {
      try {
        await adminTokens.insert(admin('a3'));
        return false;
      } catch (error) {
        return error instanceof StoreError && error.outage === 'read-only';
      }
    });
    assert.deepEqual((await adminTokens.list()).length, 1);
    await assert.rejects(openPostgresStore({ target }), failure('failed', 'read-only', /cannot be opened/));
    await query(postgres, `alter database ${target.database} reset default_transaction_read_only`);
    await disconnect(postgres, target.database);
    await eventually('the store to recover', () => health.outage === undefined);
    await adminTokens.insert(admin('a4'));
  });
  assert.deepEqual(
    seen.filter((kind) => kind === undefined),
    [undefined, undefined, undefined],
  );
});

test('through pgbouncer in transaction mode, with fewer server connections than callers', {
  skip: skipWithout('pgbouncer'),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start();
  const directTarget = await newDatabase(postgres);
  await using bouncer = await PgBouncer.start(postgres);
  const target = { ...directTarget, ...bouncer.address };
  // Tables are created through pgbouncer too, by two at once.
  await using first = await disposable(target, 15_000);
  await using second = await disposable(target, 15_000);
  const stores = [first, second];
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => stores[index % 2]?.adminTokens.insert(admin(`a${index}`))),
  );
  await Promise.all(Array.from({ length: 40 }, () => first.adminTokens.list()));
  assert.equal((await second.adminTokens.list()).length, 40);
  assert.equal(await second.changes.revision(), 40);
});

async function disposable(target: PostgresTarget, timeout: number) {
  const store = await createPostgresStore({ target, timeout, poolSize: 8 });
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}

/** Ends the connections of a database, as a failover does. */
const disconnect = (postgres: Postgres, database: string) =>
  query(postgres, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`);
