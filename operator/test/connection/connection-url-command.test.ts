import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '@penstock/control-plane';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { type CliRig, cliRig } from '../cli-rig.ts';

const orders: ConnectionView = {
  name: 'orders',
  connector: 'orders-db',
  kind: 'postgresql',
  pools: ['dc1'],
  ingress: [
    { kind: 'tcp', address: '0.0.0.0', port: 15_432 },
    { kind: 'sni', address: '0.0.0.0', port: 6432, host: 'orders.db.example.com', mode: 'terminate' },
    { kind: 'socks5', address: '0.0.0.0', port: 1080, grant: 'required' },
  ],
  open: 0,
  waiting: 0,
  openedTotal: 0,
  failedTotal: 0,
  deniedTotal: 0,
};

async function rigWithOrders(): Promise<CliRig> {
  const rig = await cliRig('viewer');
  rig.api.live.connections = [orders, { ...orders, name: 'billing', kind: undefined, ingress: [] }];
  return rig;
}

test("a driver's strings are printed for every ingress, with notes", async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await rigWithOrders();
  const { stdout, stderr, exitCode } = await rig.cli(
    ...['connection', 'url', 'orders', '--driver', 'pgjdbc', '--host', 'gw.example.com', '--user', 'ann'],
  );
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^ {2}jdbc:postgresql:\/\/gw\.example\.com:15432\/DATABASE\?user=ann&/m);
  assert.match(
    stdout,
    /^ {2}jdbc:postgresql:\/\/orders\.db\.example\.com:6432\/DATABASE\?user=ann&sslmode=verify-full/m,
  );
  assert.match(stdout, /^ {2}jdbc:postgresql:\/\/orders--GRANT\.penstock:5432\//m);
  assert.match(stdout, /^ {2}-DsocksProxyHost=gw\.example\.com\n {2}-DsocksProxyPort=1080$/m);
  assert.match(stdout, /- .*keepalive/);
  assert.match(stdout, /^PostgreSQL JDBC \(pgjdbc\) through sni, mode: terminate, port 6432$/m);
});

test('a driver for another kind than the connection is printed with a warning', async () => {
  await using rig = await rigWithOrders();
  const args = ['connection', 'url', 'orders', '--driver', 'mysql', '--host', 'gw.example.com'];
  const { stdout, stderr, exitCode } = await rig.cli(...args);
  assert.equal(exitCode, 0);
  assert.match(stdout, /jdbc:mysql:/);
  assert.match(stderr, /specifies the kind postgresql for orders, but this driver is for mysql/);
});

test('the default is all drivers for the kind, and the host of PENSTOCK_URL', async () => {
  await using rig = await rigWithOrders();
  const { stdout, stderr } = await rig.cli('connection', 'url', 'orders', '--output', 'json');
  const { items } = JSON.parse(stdout) as { items: { driver: string; ingress: string; possible: boolean }[] };
  assert.deepEqual(
    [...new Set(items.map(({ driver }) => driver))],
    [...['pgjdbc', 'psql', 'libpq', 'psycopg', 'asyncpg', 'sqlalchemy', 'pgx', 'odbc', 'npgsql', 'dbeaver']],
  );
  assert.equal(items.length, 30);
  assert.equal(
    items.find(({ driver, ingress }) => driver === 'psql' && ingress === 'socks5')?.possible,
    false,
  );
  assert.equal(stderr, '');
  const text = await rig.cli('connection', 'url', 'orders');
  assert.match(text.stdout, /psql 'postgresql:\/\/USER@127\.0\.0\.1:15432\/DATABASE/);
  assert.match(text.stdout, /not supported: .* Use /);
  assert.match(text.stderr, /--host/);
});

test('errors say what is wrong and what to do', async () => {
  await using rig = await rigWithOrders();
  const unknown = await rig.cli('connection', 'url', 'order');
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stderr, /no connection order\b[\s\S]*Did you mean orders\?/);
  const kindless = await rig.cli('connection', 'url', 'billing');
  assert.notEqual(kindless.exitCode, 0);
  assert.match(kindless.stderr, /--driver pgjdbc\|/);
  const closed = await rig.cli('connection', 'url', 'billing', '--driver', 'psql');
  assert.match(closed.stdout, /No ingress of billing is open/);
  for (const [option, value] of [
    ['--user', "x' OR 1"],
    ['--database', 'a&b'],
    ['--host', 'http://x'],
    ['--target', 'db'],
    ['--target', 'db:70000'],
    ['--driver', 'dbase'],
  ] as const) {
    const refused = await rig.cli('connection', 'url', 'orders', option, value);
    assert.notEqual(refused.exitCode, 0, option);
    assert.match(refused.stderr, new RegExp(option), option);
  }
});
