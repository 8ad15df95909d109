import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { firstIdAt, ID_SLOTS } from '../src/connection-log/connection-ids.ts';
import {
  CONNECTION_LOG_FILE,
  type ConnectionLogRow,
  connectionIds,
  openConnectionLog,
  openPostgresLog,
} from '../src/index.ts';
import { openTestPostgresStore } from './test-postgres.ts';

const T0 = 1_700_000_000_000;
const MINUTE = 60_000;

/** A connection that was joined after 3 ms and closed a second later. */
function row(startedAt: number, more: Partial<ConnectionLogRow> = {}): ConnectionLogRow {
  return {
    id: firstIdAt(startedAt),
    state: 'closed',
    connection: 'orders',
    client: '10.0.0.5',
    clientPort: 50_000,
    ingress: '0.0.0.0:5432',
    ingressKind: 'tcp',
    host: null,
    grantId: null,
    grantName: null,
    subject: null,
    connector: 'orders-db',
    pool: 'dc1',
    agent: 'orders-1',
    agentId: 'agt_1',
    replica: 'r1',
    agentReplica: null,
    startedAt,
    openMs: 3.25,
    endedAt: startedAt + 1000,
    attempts: 1,
    resumes: 2,
    adriftMs: 1_500,
    adriftSince: null,
    bytesFromClient: 10,
    bytesToClient: 20,
    code: 'ok',
    detail: null,
    count: 1,
    ...more,
  };
}

const stillOpen = { state: 'open', endedAt: null, code: null } as const;

/** A log in a database, of the gateway `e1` unless another is given. */
async function openDatabaseLog(gateway = 'e1', at?: Awaited<ReturnType<typeof openTestPostgresStore>>) {
  const opened = at ?? (await openTestPostgresStore());
  const log = await openPostgresLog({ target: opened.target, gateway, leaseOf: 'gateway:' });
  return {
    log,
    opened,
    async [Symbol.asyncDispose]() {
      await log.close();
      if (at === undefined) await opened[Symbol.asyncDispose]();
    },
  };
}

async function openLog(options: Parameters<typeof openConnectionLog>[1] = {}) {
  const directory = await temporaryDirectory();
  const log = await openConnectionLog(directory.path, options);
  return {
    log,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

const logKinds = { embedded: openLog, postgresql: openDatabaseLog };

const ids = (rows: readonly ConnectionLogRow[]) => rows.map(({ id }) => id);

for (const [kind, open] of Object.entries(logKinds)) {
  test(`a connection is written when it opens and again when it ends, and read as it was written (${kind})`, async () => {
    await using opened = await open();
    const { log } = opened;
    const started = row(T0, {
      ...stillOpen,
      grantId: 'grt_1',
      grantName: 'etl',
      host: 'orders.example',
      subject: 'CN=a',
    });
    await log.save([started], T0 + 1);
    assert.deepEqual(await log.list({ limit: 10 }), [started]);
    const ended = {
      ...started,
      state: 'closed',
      endedAt: T0 + 5,
      code: 'CLIENT_RESET',
      detail: 'x',
    } as const;
    await log.save([ended], T0 + 5);
    assert.deepEqual(await log.list({ limit: 10 }), [ended]);
    assert.deepEqual(await log.byIds([ended.id, 1]), [ended]);
    assert.deepEqual(await log.byIds([]), []);
  });
}

for (const [kind, open] of Object.entries(logKinds)) {
  test(`connections are found by each filter, newest first, page by page (${kind})`, async () => {
    await using opened = await open();
    const { log } = opened;
    const rows = [
      row(T0),
      row(T0 + MINUTE, { connection: 'billing', agent: 'billing-1' }),
      row(T0 + 2 * MINUTE, { client: '10.0.0.6', code: 'SESSION_LOST' }),
      row(T0 + 3 * MINUTE, { grantId: 'grt_1', grantName: 'etl' }),
      row(T0 + 4 * MINUTE, { subject: 'CN=reporting' }),
      row(T0 + 5 * MINUTE, { ...stillOpen }),
    ];
    await log.save(rows, T0);
    const [first, second, third, fourth, fifth, sixth] = ids(rows);
    const found = async (query: object) => ids(await log.list({ limit: 10, ...query }));
    assert.deepEqual(await found({}), ids(rows).reverse());
    assert.deepEqual(await found({ connection: 'billing' }), [second]);
    assert.deepEqual(await found({ agent: 'billing-1' }), [second]);
    assert.deepEqual(await found({ client: '10.0.0.6' }), [third]);
    assert.deepEqual(await found({ code: 'SESSION_LOST' }), [third]);
    assert.deepEqual(await found({ client: 'etl' }), [fourth]);
    assert.deepEqual(await found({ client: 'grt_1' }), [fourth]);
    assert.deepEqual(await found({ client: 'CN=reporting' }), [fifth]);
    assert.deepEqual(await found({ state: 'open' }), [sixth]);
    assert.deepEqual(await found({ code: 'ok', connection: 'orders', until: T0 + MINUTE }), [first]);
    assert.deepEqual(await found({ limit: 2 }), [sixth, fifth]);
    assert.deepEqual(await found({ limit: 2, before: fifth }), [fourth, third]);
  });
}

for (const [kind, open] of Object.entries(logKinds)) {
  test(`a period has the connections that were open in it, however long before they started (${kind})`, async () => {
    await using opened = await open();
    const { log } = opened;
    const job = row(T0, { endedAt: T0 + 240 * MINUTE, code: 'SESSION_LOST' });
    const before = row(T0 + 1, { endedAt: T0 + 2 });
    const during = row(T0 + 239 * MINUTE);
    const after = row(T0 + 300 * MINUTE);
    const lasting = row(T0 + 2, { ...stillOpen });
    await log.save([job, before, during, after, lasting], T0);
    const period = { since: T0 + 238 * MINUTE, until: T0 + 242 * MINUTE };
    assert.deepEqual(ids(await log.list({ ...period, limit: 10 })), ids([during, lasting, job]));
    assert.deepEqual(ids(await log.list({ ...period, limit: 2 })), ids([during, lasting]));
    assert.deepEqual(ids(await log.list({ ...period, limit: 2, before: lasting.id })), ids([job]));
    assert.deepEqual(ids(await log.list({ ...period, code: 'SESSION_LOST', limit: 2 })), ids([job]));
  });
}

test('connections that a dead gateway left open are ended at its last write', async () => {
  await using opened = await openLog();
  const { log } = opened;
  assert.equal(await log.endAbandoned('GATEWAY_STOPPED'), 0);
  await log.save(
    [row(T0, { ...stillOpen }), row(T0 + 1, { ...stillOpen, state: 'opening' }), row(T0 + 2)],
    T0 + 500,
  );
  assert.equal(await log.endAbandoned('GATEWAY_STOPPED'), 2);
  const summary = (await log.list({ limit: 10 })).map(({ state, endedAt, code }) => [state, endedAt, code]);
  assert.deepEqual(summary, [
    ['closed', T0 + 1002, 'ok'],
    ['failed', T0 + 500, 'GATEWAY_STOPPED'],
    ['closed', T0 + 500, 'GATEWAY_STOPPED'],
  ]);
});

for (const [kind, open] of Object.entries(logKinds)) {
  test(`old connections are deleted by their end, and an open one never is (${kind})`, async () => {
    await using opened = await open();
    const { log } = opened;
    const long = row(T0, { endedAt: T0 + 10 * MINUTE });
    const lasting = row(T0 + 1, { ...stillOpen });
    const short = [row(T0 + 2), row(T0 + 3), row(T0 + 4)];
    await log.save([long, lasting, ...short], T0);
    assert.equal(await log.deleteEnded(T0 + 5 * MINUTE, 2), 2);
    assert.equal(await log.deleteEnded(T0 + 5 * MINUTE, 2), 1);
    assert.equal(await log.deleteEnded(T0 + 5 * MINUTE, 2), 0);
    assert.deepEqual(ids(await log.list({ limit: 10 })), ids([lasting, long]));
  });
}

test('deleted entries make room in the file, which can be given back', async () => {
  await using opened = await openLog();
  const { log } = opened;
  const rows = Array.from({ length: 5000 }, (_, index) => row(T0 + index));
  await log.save(rows, T0);
  const full = await log.size();
  await log.deleteEnded(Number.MAX_SAFE_INTEGER, 5000);
  const empty = await log.size();
  assert.ok(empty.used < full.used / 10, `${empty.used} of ${full.used} bytes are still in use`);
  await log.shrink(100_000);
  const shrunk = await log.size();
  assert.ok(shrunk.free < empty.free / 10, `${shrunk.free} of ${empty.free} bytes were not given back`);
});

test('a damaged file is set aside and replaced', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, CONNECTION_LOG_FILE);
  await writeFile(file, 'not a database'.repeat(1000));
  const log = await openConnectionLog(directory.path);
  assert.deepEqual(await log.list({ limit: 1 }), []);
  await log.close();
  assert.match(await readFile(`${file}.damaged`, 'utf8'), /^not a database/);
  assert.equal((await stat(file)).mode & 0o077, 0);
});

test('ids ascend, by the time of the start and within a millisecond', () => {
  const next = connectionIds(() => 7);
  const made = [T0, T0, T0 - 5, T0 + 1, T0 + 1].map((at) => next(at));
  assert.deepEqual(
    made,
    [...made].sort((one, other) => one - other),
  );
  assert.equal(new Set(made).size, 5);
  assert.ok((made[3] ?? 0) >= firstIdAt(T0 + 1));
});

test('ids of gateways with different slots never coincide, whatever their clocks', () => {
  const slots = [0, 7, ID_SLOTS - 1];
  const made = slots.flatMap((slot) => {
    const next = connectionIds(() => slot);
    // Many in one millisecond run ahead of the clock, into the next ones.
    return Array.from({ length: 2_000 }, (_, index) => next(T0 + Math.trunc(index / 500)));
  });
  assert.equal(new Set(made).size, made.length);
  assert.ok(made.every((id) => Number.isSafeInteger(id) && slots.includes(id % ID_SLOTS)));
});

test('a gateway that gets another slot goes on ascending', () => {
  const rig = { slot: 100 };
  const next = connectionIds(() => rig.slot);
  const before = next(T0);
  rig.slot = 5;
  const after = next(T0);
  assert.ok(after > before && after % ID_SLOTS === 5, `${before} and then ${after}`);
});

test('several gateways write to one log, and what a dead one left open is ended by another', async () => {
  await using first = await openDatabaseLog('e1');
  await using second = await openDatabaseLog('e2', first.opened);
  const { store } = first.opened;
  await first.log.save([row(T0, { ...stillOpen, client: '10.0.0.1' })], T0 + 100);
  await second.log.save([row(T0, { ...stillOpen, client: '10.0.0.2' })], T0 + 200);
  assert.equal(
    (await first.log.list({ limit: 10 })).length,
    2,
    'the same id at two gateways is two connections',
  );
  await store.leases.take('gateway:e1', 'e1', 60_000);
  assert.equal(await second.log.endAbandoned('GATEWAY_STOPPED'), 0, 'both run');
  await store.leases.drop({ name: 'gateway:e1', holder: 'e1' });
  assert.equal(await second.log.endAbandoned('GATEWAY_STOPPED'), 1);
  const rows = await second.log.list({ limit: 10, client: '10.0.0.1' });
  assert.deepEqual(
    rows.map(({ state, endedAt, code }) => [state, endedAt, code]),
    [['closed', T0 + 100, 'GATEWAY_STOPPED']],
  );
});

test('the size of a log in a database follows what is in it', async () => {
  await using opened = await openDatabaseLog();
  const rows = Array.from({ length: 5000 }, (_, index) => row(T0 + index));
  await opened.log.save(rows, T0);
  await eventually('the database to count them', async () => (await opened.log.size()).used > 5000 * 300);
  await opened.log.deleteEnded(Number.MAX_SAFE_INTEGER, 5000);
  await eventually('the database to count them', async () => (await opened.log.size()).used < 5000 * 30);
  await opened.log.shrink(1000);
});
