import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { deadline } from '../../test/rig/deadline.ts';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { createFilledStore } from '../src/create-filled-store.ts';
import { createStore, openStore } from '../src/open-store.ts';
import type { Store } from '../src/sql-store.ts';
import { StoreError, type StoreFailure } from '../src/store-error.ts';
import { STORE_FILE } from '../src/store-file.ts';
import { openTestStore } from './open-test-store.ts';

const failure = (expected: StoreFailure, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.failure, expected);
  assert.match(error.message, words);
  return true;
};

const agent = (id: string, name = id) => ({
  id,
  name,
  pool: 'dc1',
  createdAt: 1,
  revokedAt: null,
  revokedReason: null,
  drainedAt: null,
});

/** Takes SQLite's write lock, as another process would. */
function lockFromOutside(directory: string): Disposable {
  const database = new DatabaseSync(join(directory, STORE_FILE));
  database.exec('BEGIN IMMEDIATE');
  return { [Symbol.dispose]: () => database.close() };
}

test('the store keeps its rows when it is closed and opened again', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const first = await createStore(directory.path);
  await first.agents.insert(agent('agt_1', 'orders-1'));
  await first.close();
  const second = await openStore(directory.path);
  assert.equal((await second.agents.byName('orders-1'))?.id, 'agt_1');
  await second.close();
});

test('a store without the latest migration is brought up to date, with its rows', async () => {
  await using directory = await temporaryDirectory();
  await (await createStore(directory.path)).close();
  const database = new DatabaseSync(join(directory.path, STORE_FILE));
  database.exec(`
    ALTER TABLE approvals DROP COLUMN agent_id;
    DELETE FROM kysely_migration WHERE name = '0004-approval-agent';
    INSERT INTO approvals (id, action, subject, pool, arguments, requested_at, requested_by, expires_at, state)
    VALUES ('1', 'drain', 'agent:a', 'dc1', '{}', 1, 'admin-token:1', 2, 'pending');
  `);
  database.close();
  const store = await openStore(directory.path);
  const row = await store.approvals.byId('1');
  assert.deepEqual([row?.subject, row?.agentId], ['agent:a', null]);
  await store.close();
});

test('the files are readable only by their owner', { skip: process.platform === 'win32' }, async () => {
  await using opened = await openTestStore();
  await opened.store.agents.insert(agent('agt_1'));
  const files = await readdir(opened.directory);
  for (const file of files) {
    assert.equal((await stat(join(opened.directory, file))).mode & 0o077, 0, file);
  }
  assert.deepEqual(files.sort(), [STORE_FILE, `${STORE_FILE}-shm`, `${STORE_FILE}-wal`]);
});

test('a transaction is atomic, and visible to others after its commit', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await assert.rejects(
    store.transaction(async (inside) => {
      await inside.agents.insert(agent('agt_1'));
      throw new TypeError('abort');
    }),
    TypeError,
  );
  assert.equal(await store.agents.byId('agt_1'), undefined);

  const written = store.transaction(async (inside) => {
    await inside.agents.insert(agent('agt_2'));
    await inside.agents.insert(agent('agt_3'));
  });
  const seen = store.agents.list({ limit: 10 });
  await written;
  assert.deepEqual(
    (await seen).map(({ id }) => id),
    ['agt_2', 'agt_3'],
  );
});

test('while SQLite waits for a lock, the event loop runs, and the write succeeds after the lock is released', async () => {
  await using opened = await openTestStore();
  const lock = lockFromOutside(opened.directory);
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 5);
  const written = opened.store.agents.insert(agent('agt_1'));
  await eventually('the event loop to turn', () => turns >= 10);
  clearInterval(timer);
  lock[Symbol.dispose]();
  await deadline('the write', written);
  assert.equal((await opened.store.agents.byId('agt_1'))?.id, 'agt_1');
});

test('a lock that is not released in time is a failure', async () => {
  await using opened = await openTestStore({ busyTimeout: 20 });
  using _lock = lockFromOutside(opened.directory);
  await assert.rejects(opened.store.agents.insert(agent('agt_1')), failure('failed', /locked/));
});

test('a statement can time out; until the thread is free, other callers are rejected immediately', async () => {
  await using opened = await openTestStore({ busyTimeout: 60_000, statementTimeout: 500 });
  const { store } = opened;
  const lock = lockFromOutside(opened.directory);
  await assert.rejects(
    store.transaction((inside) => inside.agents.insert(agent('agt_1'))),
    failure('timeout', /within 500 ms/),
  );
  const started = performance.now();
  await assert.rejects(store.agents.byId('agt_1'), failure('timeout', /earlier statement/));
  assert.ok(performance.now() - started < 400, 'rejected without waiting');
  lock[Symbol.dispose]();
  // The timed-out BEGIN succeeds late. It must be rolled back, or the next transaction would fail.
  await eventually('the store to respond again', () => store.agents.list({ limit: 1 }));
  await store.transaction((inside) => inside.agents.insert(agent('agt_2')));
  assert.equal(await store.agents.byId('agt_1'), undefined);
  assert.equal((await store.agents.byId('agt_2'))?.id, 'agt_2');
});

test('waiting callers are bounded in number and time', async () => {
  await using opened = await openTestStore({ maxWaiting: 2, turnTimeout: 50 });
  const { store } = opened;
  const release = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const transaction = store.transaction(async () => {
    entered.resolve();
    await release.promise;
  });
  await entered.promise;
  const waiting = [store.agents.byId('a'), store.agents.byId('b')];
  await assert.rejects(store.agents.byId('c'), failure('full', /2 callers/));
  for (const caller of waiting) await assert.rejects(caller, failure('timeout', /busy for 50 ms/));
  release.resolve();
  await transaction;
  assert.equal(await store.agents.byId('d'), undefined);
});

test('when the thread dies, its callers fail and the next one gets a new thread', async () => {
  const workers: Worker[] = [];
  const watch = (worker: Worker) => workers.push(worker);
  process.on('worker', watch);
  try {
    await using opened = await openTestStore();
    const { store } = opened;
    await store.agents.insert(agent('agt_1'));
    const broken = store.transaction(async (inside) => {
      await workers[0]?.terminate();
      await inside.agents.insert(agent('agt_2'));
    });
    await assert.rejects(broken, failure('failed', /stopped/));
    assert.equal((await store.agents.byId('agt_1'))?.id, 'agt_1');
    assert.equal(await store.agents.byId('agt_2'), undefined);
    assert.equal(workers.length, 2);
  } finally {
    process.off('worker', watch);
  }
});

test('closing finishes running statements, rejects later ones, and ends the thread', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const [[worker], store] = (await Promise.all([
    once(process, 'worker'),
    createStore(directory.path),
  ])) as unknown as [[Worker], Store];
  const ended = once(worker, 'exit');
  const entered = Promise.withResolvers<void>();
  const asked = store.transaction(async (inside) => {
    entered.resolve();
    await inside.agents.insert(agent('agt_1'));
  });
  await entered.promise;
  const waiting = store.agents.byId('agt_1');
  const refused = assert.rejects(waiting, failure('closed', /closed/));
  await store.close();
  await deadline('the thread to end', ended);
  await asked;
  await refused;
  await assert.rejects(store.agents.byId('agt_1'), failure('closed', /closed/));
  const again = await openStore(directory.path);
  assert.equal((await again.agents.byId('agt_1'))?.id, 'agt_1');
  await again.close();
});

test('a missing directory and a file that is not a database are reported', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  await assert.rejects(
    openStore(join(directory.path, 'absent')),
    failure('failed', /There is no store .*\. Run penstock-gateway init/),
  );
  await writeFile(join(directory.path, STORE_FILE), 'no database '.repeat(1000));
  await assert.rejects(
    openStore(directory.path),
    failure('damaged', /cannot be opened: .*not a database\. Restore the data directory from a backup\./),
  );
});

test('a store written by a newer gateway is rejected', async () => {
  await using directory = await temporaryDirectory();
  await (await createStore(directory.path)).close();
  const database = new DatabaseSync(join(directory.path, STORE_FILE));
  database.exec("INSERT INTO kysely_migration VALUES ('9999-future', '2030-01-01T00:00:00.000Z')");
  database.exec("UPDATE cluster SET readable_from = '9999-future'");
  database.close();
  await assert.rejects(openStore(directory.path), failure('too-new', /newer penstock-gateway .*9999-future/));
});

test('a store that a newer gateway has only extended is used as it is', async () => {
  await using directory = await temporaryDirectory();
  await (await createStore(directory.path)).close();
  const database = new DatabaseSync(join(directory.path, STORE_FILE));
  database.exec("INSERT INTO kysely_migration VALUES ('9999-future', '2030-01-01T00:00:00.000Z')");
  database.close();
  const store = await openStore(directory.path);
  assert.deepEqual(await store.agents.list({ limit: 1 }), []);
  await store.close();
});

test('an open store does not keep a process alive, but a running statement does', async () => {
  await using directory = await temporaryDirectory();
  const program = `
    import { createStore } from ${JSON.stringify(join(import.meta.dirname, '../src/open-store.ts'))};
    const store = await createStore(${JSON.stringify(directory.path)});
    for (let count = 0; count < 5; count += 1) await store.audit.append({ at: 1, actor: 'host', action: 'try', subject: 's' });
    process.stdout.write(String((await store.audit.list({ limit: 9 })).length));
  `;
  const options = { timeout: 20_000, killSignal: 'SIGKILL' as const };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    options,
  );
  assert.equal(stdout, '5');
});

test('a store whose file is emptied or removed while it is open fails, and is not created again', async () => {
  await using _leaks = expectNoLeaks();
  await using opened = await openTestStore();
  const file = join(opened.directory, STORE_FILE);
  await truncate(file, 0);
  await assert.rejects(opened.store.agents.byId('agt_1'), failure('failed', /removed, emptied or replaced/));
  await rm(file);
  await assert.rejects(opened.store.agents.byId('agt_1'), failure('failed', /removed, emptied or replaced/));
  await opened.store.close();
  assert.equal((await readdir(opened.directory)).includes(STORE_FILE), false);
});

test('a store is created whole: until it is filled, the data directory has none', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const { path } = directory;
  const failed = createFilledStore(path, async (store) => {
    await store.agents.insert(agent('agt_1'));
    assert.deepEqual(await readdir(path), ['store.sqlite.unfinished']);
    throw new Error('The database went away.');
  });
  await assert.rejects(failed, /went away/);
  assert.deepEqual(await readdir(path), []);
  await assert.rejects(openStore(path), /There is no store/);
  // What a copy that was killed leaves behind.
  const unfinished = join(path, 'store.sqlite.unfinished');
  await mkdir(unfinished);
  await (await createStore(unfinished)).close();
  await writeFile(join(path, 'store.sqlite-wal'), 'of a store that was lost');
  assert.equal(
    await createFilledStore(path, (store) => store.agents.insert(agent('agt_2')).then(() => 7)),
    7,
  );
  assert.deepEqual(await readdir(path), ['store.sqlite']);
  const store = await openStore(path);
  assert.deepEqual(
    (await store.agents.list({ limit: 10 })).map(({ id }) => id),
    ['agt_2'],
  );
  await store.close();
  await assert.rejects(
    createFilledStore(path, () => Promise.resolve()),
    failure('failed', /is not empty: its table agents has rows/),
  );
});
