import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { skipWithout } from '../rig/optional.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';
import { CopyQuery } from './copy-query.ts';
import { expectIdle } from './idle.ts';

let postgres: Postgres;
let pair: Pair;

before(async () => {
  postgres = await Postgres.start({ maxConnections: 100 });
  pair = await startPair({ targets: { db: postgres.address.port } });
});
after(async () => {
  await pair[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const ingress = () => ({ host: '127.0.0.1', port: pair.port('db') });

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(postgres.clientConfig(ingress()));
  // An error event without a listener would end the process. The failing query reports the error as well.
  client.on('error', () => {});
  await client.connect();
  return client;
}

test('queries, parameters, errors and transactions work', async () => {
  const client = await connect();
  assert.deepEqual((await client.query('select $1::int + 1 as sum', [41])).rows, [{ sum: 42 }]);
  await assert.rejects(client.query('select 1 / 0'), { code: '22012' });
  await client.query('begin');
  await client.query('create temporary table t (n int)');
  await client.query('insert into t select generate_series(1, 1000)');
  await client.query('commit');
  assert.deepEqual((await client.query('select count(*)::int as n from t')).rows, [{ n: 1000 }]);
  await client.end();
  await expectIdle(pair);
});

test('a large result is complete', async () => {
  const client = await connect();
  const { rows } = await client.query<{ pad: string }>(
    'select repeat(md5(g::text), 1000) as pad from generate_series(1, 1000) g',
  );
  assert.equal(
    rows.reduce((sum, { pad }) => sum + pad.length, 0),
    32_000_000,
  );
  await client.end();
});

test('a cancel request on its own connection cancels only its query', async () => {
  const client = await connect();
  const witness = await connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const canceled = assert.rejects(client.query('select pg_sleep(60)'), { code: '57014' });
  const untouched = witness.query('select pg_sleep(1), 7 as seven');
  // A plaintext PostgreSQL CancelRequest: sent on a new connection, and never answered.
  const { processID, secretKey } = client as pg.Client & { processID: number; secretKey: number };
  assert.equal(processID, rows[0]?.pid);
  const request = Buffer.alloc(16);
  for (const [index, value] of [16, 80_877_102, processID, secretKey].entries()) {
    request.writeInt32BE(value, index * 4);
  }
  await using canceler = await TestClient.connect(ingress());
  canceler.finish(request);
  assert.equal((await canceler.receive()).ended, 'fin');
  await canceled;
  assert.equal((await untouched).rows[0]?.seven, 7);
  assert.deepEqual((await client.query('select 1 as alive')).rows, [{ alive: 1 }]);
  await Promise.all([client.end(), witness.end()]);
  await expectIdle(pair);
});

test('COPY of several megabytes in and out is lossless', async () => {
  const client = await connect();
  await client.query('create temporary table lines (id int, text text)');
  const pieces = Array.from({ length: 200 }, (_, piece) =>
    Buffer.from(
      Array.from({ length: 1_000 }, (_, line) => `${piece * 1_000 + line}\t${'x'.repeat(90)}\n`).join(''),
    ),
  );
  const whole = Buffer.concat(pieces);
  await client.query(new CopyQuery('copy lines from stdin', pieces)).done;
  assert.deepEqual(await client.query(new CopyQuery('copy lines to stdout')).done, {
    bytes: whole.length,
    sha256: createHash('sha256').update(whole).digest('hex'),
  });
  assert.ok(whole.length > 15_000_000);
  await client.end();
  await expectIdle(pair);
});

test('eighty concurrent clients use both agents', async () => {
  const opened = pair.logged.length;
  const pool = new pg.Pool({ ...postgres.clientConfig(ingress()), max: 80 });
  const answers = await Promise.all(
    Array.from({ length: 800 }, (_, index) =>
      pool.query<{ n: number }>('select $1::int as n, pg_sleep(0.01)', [index]),
    ),
  );
  assert.deepEqual(
    answers.map(({ rows }) => rows[0]?.n),
    Array.from({ length: 800 }, (_, index) => index),
  );
  await pool.end();
  const carriers = pair.logged.slice(opened).filter(({ event }) => event === 'connection-opened');
  assert.equal(carriers.length, 80);
  assert.deepEqual(new Set(carriers.map(({ agent }) => agent)), new Set(['a1', 'a2']));
  await expectIdle(pair);
});

test('a server shutdown reaches its clients, and a restarted server is reachable immediately', async () => {
  const client = await connect();
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  await postgres.restart();
  await ended;
  await assert.rejects(client.query('select 1'));
  const next = await connect();
  assert.deepEqual((await next.query('select 1 as one')).rows, [{ one: 1 }]);
  await next.end();
  await expectIdle(pair);
});

/** Runs a PostgreSQL client program through the gateway. */
async function start(command: string, ...args: string[]): Promise<ManagedProcess> {
  const { host, port } = ingress();
  return ManagedProcess.start({
    command,
    args: ['-h', host, '-p', String(port), '-U', postgres.user, ...args],
    env: { PGPASSWORD: postgres.password, PGDATABASE: postgres.database, PGCONNECT_TIMEOUT: '10' },
  });
}

test('psql runs a script, and Ctrl-C cancels its query', { skip: skipWithout('psql') }, async () => {
  await using script = await start(
    'psql',
    '--no-psqlrc',
    '-At',
    '-c',
    'select sum(g) from generate_series(1, 100) g',
  );
  assert.deepEqual(await script.exit(), { code: 0, signal: null }, script.output);
  assert.equal(script.output.trim(), '5050');

  await using sleeper = await start('psql', '--no-psqlrc', '-c', 'select pg_sleep(60)');
  const witness = await connect();
  await eventually('psql to be asleep', async () => {
    const { rows } = await witness.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
    return rows.length === 1;
  });
  sleeper.signal('SIGINT');
  const { code } = await sleeper.exit();
  assert.equal(code, 1);
  assert.match(sleeper.output, /canceling statement due to user request/);
  await witness.end();
  await expectIdle(pair);
});

test('pgbench runs without errors', { skip: skipWithout('pgbench') }, async () => {
  await using prepare = await start('pgbench', '-i', '-s', '1', '-q');
  assert.equal((await prepare.exit(30_000)).code, 0, prepare.output);
  // First a new connection for every transaction, then prepared statements on persistent connections.
  await using connecting = await start('pgbench', '-C', '-c', '8', '-t', '20', '-n');
  assert.equal((await connecting.exit(60_000)).code, 0, connecting.output);
  assert.match(connecting.output, /transactions actually processed: 160\/160/);
  await using staying = await start('pgbench', '-M', 'prepared', '-c', '8', '-t', '100', '-n');
  assert.equal((await staying.exit(60_000)).code, 0, staying.output);
  assert.match(staying.output, /transactions actually processed: 800\/800/);
  assert.match(staying.output, /number of failed transactions: 0/);
  await expectIdle(pair);
});
