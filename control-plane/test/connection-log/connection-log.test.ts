import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CONNECTION_LOG_FILE,
  type ConnectionLogRow,
  type ConnectionLogStore,
  openConnectionLog,
  StoreError,
} from '@penstock/store';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { ConnectionLog } from '../../src/connection-log/connection-log.ts';
import { MAX_PENDING_ENTRIES } from '../../src/connection-log/log-writer.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const settings = { isStored: true, retention: 7 * DAY, maxSize: 2 ** 30 };

const client = {
  connection: 'orders',
  connector: 'orders-db',
  address: '10.0.0.5',
  port: 50_000,
  ingress: '0.0.0.0:5432',
  ingressKind: 'tcp',
  host: undefined,
  grant: { id: 'grt_1', name: 'etl' },
  subject: undefined,
};

const target = (traffic = { fromClient: 0, toClient: 0 }) => ({
  agent: 'orders-1',
  agentId: 'agt_1',
  pool: 'dc1',
  milliseconds: 3,
  traffic: () => traffic,
});

const end = { code: undefined, detail: undefined, traffic: { fromClient: 1, toClient: 2 } } as const;
const denial = {
  connection: 'orders',
  ingress: '0.0.0.0:5432',
  code: 'CLIENT_DENIED',
  detail: 'not allowed',
} as const;

async function openScene(open?: () => Promise<ConnectionLogStore>, own: Partial<typeof settings> = {}) {
  const clock = fakeClock();
  const directory = await temporaryDirectory();
  const events: { event: string; dropped?: unknown }[] = [];
  const log = new ConnectionLog({
    open: open ?? (() => openConnectionLog(directory.path)),
    settings: () => ({ ...settings, ...own }),
    clock,
    log: (event, fields) => events.push({ event, ...fields }),
  });
  return {
    clock,
    log,
    events,
    directory: directory.path,
    names: () => events.map(({ event }) => event),
    async [Symbol.asyncDispose]() {
      await log.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A store whose `save` is replaced. Nothing else is stored in it. */
const fakeStore = (save: ConnectionLogStore['save']): ConnectionLogStore => ({
  save,
  endAbandoned: async () => 0,
  list: async () => [],
  byIds: async () => [],
  deleteEnded: async () => 0,
  size: async () => ({ used: 0, free: 0 }),
  shrink: async () => {},
  close: async () => {},
});

test('a connection is listed while it is open, with its bytes so far, and after it has ended', async () => {
  await using scene = await openScene();
  const { log, clock } = scene;
  const traffic = { fromClient: 10, toClient: 20 };
  const entry = log.begin(client);
  entry.dialed({
    tries: [
      { agent: 'orders-2', pool: 'dc1' },
      { agent: 'orders-1', pool: 'dc1' },
    ],
  });
  const [opening] = await log.list({ limit: 10 });
  assert.deepEqual([opening?.state, opening?.agent, opening?.code], ['opening', 'orders-1', null]);
  entry.opened(target(traffic));
  await log.list({ limit: 10 });
  traffic.toClient = 30;
  const [open] = await log.list({ limit: 10 });
  assert.deepEqual(
    [open?.state, open?.bytesToClient, open?.openMs, open?.attempts, open?.endedAt],
    ['open', 30, 3, 2, null],
  );
  await clock.pass(5 * SECOND);
  entry.ended({ code: 'CLIENT_RESET', detail: undefined, traffic: { fromClient: 11, toClient: 31 } });
  const [closed] = await log.list({ limit: 10, client: 'etl' });
  assert.equal(closed?.id, Number(entry.id));
  assert.deepEqual(
    [closed?.state, closed?.bytesFromClient, closed?.bytesToClient, closed?.code],
    ['closed', 11, 31, 'CLIENT_RESET'],
  );
  assert.equal((closed?.endedAt ?? 0) - (closed?.startedAt ?? 0), 5 * SECOND);
  assert.deepEqual(await log.byIds([entry.id]), [closed]);
});

test('a connection says how often it was resumed, how long it had no session, and that it has none now', async () => {
  await using scene = await openScene();
  const { log, clock } = scene;
  const entry = log.begin(client);
  entry.opened(target({ fromClient: 0, toClient: 0 }));
  entry.adrift();
  await clock.pass(2 * SECOND);
  entry.resumed();
  entry.adrift();
  await clock.pass(SECOND);
  const [adrift] = await log.list({ limit: 10 });
  assert.deepEqual(
    [adrift?.state, adrift?.resumes, adrift?.adriftMs, adrift?.adriftSince],
    ['open', 1, 2 * SECOND, (adrift?.startedAt ?? 0) + 2 * SECOND],
  );
  entry.ended({ code: 'SESSION_LOST', detail: undefined, traffic: { fromClient: 0, toClient: 0 } });
  const [lost] = await log.list({ limit: 10 });
  assert.deepEqual([lost?.resumes, lost?.adriftMs, lost?.adriftSince], [1, 3 * SECOND, null]);
});

test('a connection whose target was not reached has failed, through the agent that was tried last', async () => {
  await using scene = await openScene();
  const entry = scene.log.begin(client);
  entry.dialed({ tries: [{ agent: 'orders-1', pool: 'dc1' }] });
  entry.ended({ code: 'REFUSED', detail: 'x'.repeat(10_000), traffic: { fromClient: 0, toClient: 0 } });
  const [row] = await scene.log.list({ limit: 10, code: 'REFUSED' });
  assert.deepEqual([row?.state, row?.agent, row?.pool], ['failed', 'orders-1', 'dc1']);
  assert.ok((row?.detail?.length ?? 0) < 500);
});

test('connections are not affected by a store that hangs; the oldest entries are dropped and counted', async () => {
  const never = new Promise<never>(() => {});
  await using scene = await openScene(async () => fakeStore(() => never));
  const { log, clock } = scene;
  for (let index = 0; index < MAX_PENDING_ENTRIES + 250; index += 1) {
    const entry = log.begin(client);
    entry.opened(target());
    entry.ended(end);
    if (index % 5000 === 0) await clock.pass(SECOND);
  }
  assert.equal(log.pending, MAX_PENDING_ENTRIES);
  assert.equal(log.dropped, 250);
  await clock.pass(MINUTE);
  assert.deepEqual(
    scene.events.filter(({ event }) => event === 'connection-log-overflowed').map(({ dropped }) => dropped),
    [1, 249],
  );
});

test('a store that fails is retried, and nothing is lost meanwhile', async () => {
  const saved: ConnectionLogRow[] = [];
  let isFailing = true;
  const save = async (rows: readonly ConnectionLogRow[]) => {
    if (isFailing) throw new StoreError('timeout', 'The store did not respond.');
    saved.push(...rows);
  };
  await using scene = await openScene(async () => fakeStore(save));
  const { log, clock } = scene;
  const lasting = log.begin(client);
  log.begin(client).ended(end);
  await clock.pass(10 * SECOND);
  await assert.rejects(log.list({ limit: 1 }), StoreError);
  isFailing = false;
  await clock.pass(10 * SECOND);
  assert.deepEqual(scene.names(), ['connection-log-failed', 'connection-log-recovered']);
  assert.deepEqual(
    saved.map(({ state }) => state),
    ['failed', 'opening'],
  );
  lasting.ended(end);
});

test('the first opening ends what a dead gateway left open; a deleted file is created again', async () => {
  await using directory = await temporaryDirectory();
  const open = () => openConnectionLog(directory.path);
  {
    await using dead = await openScene(open);
    dead.log.begin(client).opened(target());
    await dead.log.list({ limit: 1 });
  }
  await using scene = await openScene(open);
  const { log, clock } = scene;
  await clock.pass(SECOND);
  const lasting = log.begin(client);
  lasting.opened(target());
  const rows = await log.list({ limit: 10 });
  assert.deepEqual(
    rows.map(({ state, code }) => [state, code]),
    [
      ['open', null],
      ['closed', 'GATEWAY_STOPPED'],
    ],
  );
  for (const suffix of ['', '-wal', '-shm'])
    await rm(join(directory.path, `${CONNECTION_LOG_FILE}${suffix}`), { force: true });
  await assert.rejects(log.list({ limit: 10 }), /removed, emptied or replaced/);
  await clock.pass(10 * SECOND);
  assert.deepEqual(
    (await log.list({ limit: 10 })).map(({ state, id }) => [state, id]),
    [['open', Number(lasting.id)]],
  );
  lasting.ended(end);
});

test('a denied source cannot fill the log', async () => {
  await using scene = await openScene();
  const { log, clock } = scene;
  for (let index = 0; index < 1000; index += 1) log.denied({ ...denial, address: '192.0.2.1' });
  const [only, ...more] = await log.list({ limit: 10 });
  assert.deepEqual([only?.state, only?.count, only?.code, more.length], ['denied', 1000, 'CLIENT_DENIED', 0]);
  log.denied({ ...denial, address: '192.0.2.1' });
  assert.deepEqual(
    (await log.list({ limit: 10 })).map(({ count }) => count),
    [1001],
  );
  for (let index = 0; index < 10_000; index += 1) {
    log.denied({ ...denial, address: `198.51.${index >> 8}.${index & 255}`, ingress: `host:${index % 200}` });
  }
  const rows = await log.list({ limit: 500 });
  assert.ok(rows.length <= 128, `${rows.length} entries`);
  assert.equal(
    rows.reduce((sum, { count }) => sum + count, 0),
    11_001,
  );
  await clock.pass(2 * MINUTE);
  log.denied({ ...denial, address: '192.0.2.1' });
  assert.equal((await log.list({ limit: 10, client: '192.0.2.1' })).length, 2);
});

test('followers receive each entry once per interval, in its latest state', async () => {
  await using scene = await openScene();
  const { log, clock } = scene;
  log.begin(client).ended(end);
  const received: [number, string][] = [];
  let hasEnded = false;
  const leave = log.followers.follow({
    entries: (rows) => received.push(...rows.map(({ id, state }): [number, string] => [id, state])),
    end: () => {
      hasEnded = true;
    },
  });
  const short = log.begin(client);
  short.opened(target());
  short.ended(end);
  const long = log.begin(client);
  long.opened(target());
  await clock.pass(SECOND);
  long.ended(end);
  await clock.pass(SECOND);
  assert.deepEqual(received, [
    [Number(short.id), 'closed'],
    [Number(long.id), 'open'],
    [Number(long.id), 'closed'],
  ]);
  await log.stop();
  assert.ok(hasEnded);
  leave();
});

test('old entries are deleted, by age and by size', async () => {
  await using scene = await openScene(undefined, { retention: 60 * MINUTE, maxSize: 200_000 });
  const { log, clock } = scene;
  const lasting = log.begin(client);
  log.begin(client).ended(end);
  await log.list({ limit: 1 });
  await clock.pass(61 * MINUTE);
  // The entry of the open connection is older than the retention and stays.
  await log.list({ limit: 1 });
  const states = async () => (await log.list({ limit: 500 })).map(({ state }) => state);
  await clock.pass(MINUTE);
  await waitUntil(async () => (await states()).length === 1);
  assert.deepEqual(await states(), ['opening']);
  for (let index = 0; index < 4000; index += 1) log.begin(client).ended(end);
  const newest = log.begin(client);
  newest.ended(end);
  await log.list({ limit: 1 });
  let count = 4002;
  await waitUntil(async () => {
    await clock.pass(MINUTE);
    count = (await allIds(log)).length;
    return count < 1000;
  });
  const left = await allIds(log);
  assert.ok(left.includes(Number(newest.id)) || left.length <= 1, 'the newest entries stay');
  assert.ok(left.includes(Number(lasting.id)), 'open connections stay');
  lasting.ended(end);
});

test('with the store off nothing is written, and followers still see every connection', async () => {
  let opens = 0;
  await using scene = await openScene(
    async () => {
      opens += 1;
      return fakeStore(async () => {});
    },
    { isStored: false },
  );
  const { log, clock } = scene;
  const received: number[] = [];
  log.followers.follow({ entries: (rows) => received.push(...rows.map(({ id }) => id)), end: () => {} });
  const entry = log.begin(client);
  entry.ended(end);
  log.denied({ ...denial, address: '192.0.2.1' });
  await clock.pass(5 * SECOND);
  assert.deepEqual(await log.list({ limit: 10 }), []);
  await log.stop();
  assert.deepEqual([opens, log.pending, received.length], [0, 0, 2]);
});

async function allIds(log: ConnectionLog): Promise<number[]> {
  const ids: number[] = [];
  for (let before: number | undefined; ; ) {
    const page = await log.list({ limit: 500, before });
    ids.push(...page.map(({ id }) => id));
    if (page.length < 500) return ids;
    before = ids.at(-1);
  }
}

/** The store works in real time while the fake clock stands still. */
async function waitUntil(check: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (await check()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail('The log was not pruned.');
}
