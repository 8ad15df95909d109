import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientList } from '@penstock/api-schema';
import type { Static } from '@penstock/json-schema';
import { apiRig, assertProblem } from './api-rig.ts';

const client = {
  connection: 'orders',
  connector: 'orders-db',
  address: '10.0.0.5',
  port: 50_000,
  ingress: '0.0.0.0:5432',
  ingressKind: 'socks5',
  host: 'orders.penstock',
  grant: { id: 'grt_1', name: 'etl' },
  subject: undefined,
};

test('connected clients are listed with their bytes, even if the log is not stored, and one can be ended', async () => {
  await using api = await apiRig();
  const { connectionLog } = api;
  api.live.isConnectionLogStored = false;
  const counts = { openedTotal: 0, failedTotal: 0, deniedTotal: 0, open: 2, waiting: 0 };
  api.live.connections = [{ name: 'orders', connector: 'orders-db', pools: ['dc1'], ingress: [], ...counts }];
  const first = connectionLog.begin(client);
  first.opened({
    agent: 'orders-1',
    agentId: 'agt_1',
    pool: 'dc1',
    milliseconds: 3,
    traffic: () => ({ fromClient: 10, toClient: 20 }),
  });
  connectionLog.begin({ ...client, address: '10.0.0.6', grant: undefined });
  connectionLog.begin({ ...client, connection: 'billing' });
  const list = (query = '') =>
    api.ask<Static<typeof ClientList>>('GET', `/api/v1/connections/orders/clients${query}`, { as: 'viewer' });
  const { items, total } = (await list()).body;
  assert.deepEqual([total, items.length], [2, 2]);
  const [open] = items;
  assert.deepEqual(
    [open?.id, open?.client, open?.agent, open?.grant?.name, open?.bytesFromClient, open?.bytesToClient],
    [first.id, '10.0.0.5', 'orders-1', 'etl', 10, 20],
  );
  assert.equal((await list('?client=etl')).body.total, 1);
  assert.deepEqual((await list('?limit=1')).body.items.length, 1);
  assertProblem(
    await api.ask('GET', '/api/v1/connections/nothing/clients', { as: 'viewer' }),
    404,
    'NOT_FOUND',
  );

  const path = `/api/v1/connection-log/${first.id}/disconnect`;
  assertProblem(await api.ask('POST', path, { as: 'viewer' }), 403, 'ROLE_INSUFFICIENT');
  const ended = await api.ask('POST', path, { as: 'operator' });
  assert.deepEqual(ended.body, { id: first.id, connection: 'orders', client: '10.0.0.5' });
  assert.deepEqual(api.live.disconnected, [first.id]);
  const [entry] = await api.rig.store.audit.list({ action: 'client.disconnect', limit: 1 });
  assert.equal(entry?.subject, 'connection:orders');
  assert.deepEqual(JSON.parse(entry?.before ?? ''), {
    id: first.id,
    client: '10.0.0.5',
    grant: 'etl',
    agent: 'orders-1',
  });
  first.ended({ code: 'OPERATOR_CLOSED', detail: undefined, traffic: { fromClient: 10, toClient: 20 } });
  assertProblem(await api.ask('POST', path, { as: 'operator' }), 404, 'NOT_FOUND', /left by itself/);
  assertProblem(
    await api.ask('POST', '/api/v1/connection-log/x/disconnect', { as: 'operator' }),
    404,
    'NOT_FOUND',
  );
});
