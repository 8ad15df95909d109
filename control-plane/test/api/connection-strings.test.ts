import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionStringList } from '@penstock/api-schema';
import type { ConnectionView } from '../../src/api/connections.ts';
import { apiRig, assertProblem } from './api-rig.ts';

const orders: ConnectionView = {
  name: 'orders',
  connector: 'orders-db',
  kind: 'postgresql',
  pools: ['dc1'],
  ingress: [
    { kind: 'tcp', address: '0.0.0.0', port: 15_432 },
    { kind: 'socks5', address: '0.0.0.0', port: 1080, grant: 'required' },
  ],
  open: 0,
  waiting: 0,
  openedTotal: 0,
  failedTotal: 0,
  deniedTotal: 0,
};

test('the strings of a connection are listed for each driver of its kind and each ingress', async () => {
  await using api = await apiRig();
  api.live.connections = [orders, { ...orders, name: 'plain', kind: 'tcp' }];
  const ask = (query: string) =>
    api.ask<ConnectionStringList>('GET', `/api/v1/connections/${query}`, { as: 'viewer' });

  const all = await ask('orders/strings?host=gw.example.com&user=ann');
  assert.equal(all.status, 200, all.text);
  const { items, drivers, kind } = all.body;
  assert.equal(kind, 'postgresql');
  assert.equal(items.length, drivers.length * 2);
  const pgjdbc = items.filter(({ driver }) => driver === 'pgjdbc');
  assert.match(pgjdbc[0]?.connect ?? '', /^jdbc:postgresql:\/\/gw\.example\.com:15432\/DATABASE\?user=ann&/);
  assert.match(pgjdbc[1]?.connect ?? '', /orders--GRANT\.penstock/);
  assert.equal(pgjdbc[1]?.grant, 'required');
  assert.ok(pgjdbc[0]?.notes?.some(({ id, text }) => id === 'keepalive' && text.length > 0));
  const impossible = items.find(({ driver, ingress }) => driver === 'psql' && ingress === 'socks5');
  assert.equal(impossible?.possible, false);
  assert.match(impossible?.reason ?? '', /\. Use /);

  const one = await ask('orders/strings?driver=mysql&target=db.internal:3306');
  assert.deepEqual([...new Set(one.body.items.map(({ driver }) => driver))], ['mysql']);
  // Requests are injected with this Host.
  assert.equal(one.body.host, 'localhost');

  const unknownKind = await ask('plain/strings');
  assert.ok(unknownKind.body.drivers.length > drivers.length);

  assertProblem(await ask('order/strings'), 404, 'NOT_FOUND', /no connection order/);
  assertProblem(await ask('orders/strings?driver=dbase'), 400, 'REQUEST_INVALID', /dbase.*pgjdbc/);
  assertProblem(await ask('orders/strings?target=db:70000'), 400, 'REQUEST_INVALID', /65535/);
  assertProblem(await ask('orders/strings?host=a%20b'), 400, 'REQUEST_INVALID', /host/);
});
