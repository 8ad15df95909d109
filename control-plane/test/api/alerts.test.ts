import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertResource } from '@penstock/api-schema';
import { alertRow } from '../alerts/scene.ts';
import { apiRig, assertProblem } from './api-rig.ts';

type Listing = { readonly items: readonly AlertResource[]; readonly nextCursor?: string };

const ids = ({ body }: { readonly body: Listing }) => body.items.map(({ id }) => id);

const delivery = {
  id: 'd1',
  alertId: 'b',
  receiver: 'ops',
  kind: 'firing',
  state: 'pending',
  messageId: 'm1',
  attempts: 3,
  createdAt: 2_000,
  nextAt: 9_000,
  settledAt: null,
  lastError: 'The receiver responded with HTTP 503.',
} as const;

test('alerts are listed newest first, by page and by state', async () => {
  await using rig = await apiRig();
  const over = alertRow('a', { state: 'resolved', resolvedAt: 5_000 });
  await rig.rig.store.alerts.save([over, alertRow('b'), alertRow('c')]);
  const list = (query: string) => rig.ask<Listing>('GET', `/api/v1/alerts${query}`, { as: 'viewer' });
  assert.deepEqual(ids(await list('')), ['c', 'b', 'a']);
  const page = await list('?limit=2');
  assert.deepEqual([ids(page), page.body.nextCursor], [['c', 'b'], 'b']);
  assert.deepEqual(ids(await list('?limit=2&cursor=b')), ['a']);
  assert.deepEqual(ids(await list('?state=resolved')), ['a']);
  assertProblem(await list('?state=new'), 400, 'REQUEST_INVALID');
});

test('firing alerts are read from memory, with sentence and advice', async () => {
  await using rig = await apiRig();
  rig.live.firing = [alertRow('c', { subject: 'agent:orders-1' }), alertRow('b')];
  const list = (query: string) => rig.ask<Listing>('GET', `/api/v1/alerts?${query}`, { as: 'viewer' });
  const { body } = await list('state=firing&limit=1');
  assert.equal(body.nextCursor, 'c');
  assert.match(body.items[0]?.message ?? '', /no heartbeat/);
  assert.equal(body.items[0]?.command, 'penstock-gateway agent show orders-1');
  assert.deepEqual(ids(await list('state=firing&cursor=c')), ['b']);
  assert.deepEqual(ids(await list('state=resolved')), [], 'they were never on record');
});

test('an alert is shown with its notifications', async () => {
  await using rig = await apiRig();
  await rig.rig.store.alerts.save([alertRow('b')]);
  await rig.rig.store.alerts.saveDeliveries([delivery]);
  const { body } = await rig.ask<{ notifications: unknown }>('GET', '/api/v1/alerts/b', { as: 'viewer' });
  assert.deepEqual(body.notifications, [
    {
      receiver: 'ops',
      kind: 'firing',
      state: 'pending',
      attempts: 3,
      messageId: 'm1',
      lastError: 'The receiver responded with HTTP 503.',
      createdAt: new Date(2_000).toISOString(),
      nextAttemptAt: new Date(9_000).toISOString(),
    },
  ]);
  assertProblem(await rig.ask('GET', '/api/v1/alerts/x', { as: 'viewer' }), 404, 'NOT_FOUND', /no alert x/);
});

test('operators can test a receiver, and the test is audited', async () => {
  await using rig = await apiRig();
  const ask = (as: string) => rig.ask<object>('POST', '/api/v1/receivers/ops/test', { as });
  assertProblem(await ask('viewer'), 403, 'ROLE_INSUFFICIENT');
  assertProblem(await ask('operator'), 404, 'NOT_FOUND', /no receiver named ops/);
  rig.live.alertTest = 'busy';
  assertProblem(await ask('operator'), 429, 'TOO_MANY_REQUESTS');
  rig.live.alertTest = {
    name: 'failed',
    detail: 'The receiver responded with HTTP 500.',
    retryAfter: undefined,
    milliseconds: 7,
  };
  const failed = {
    receiver: 'ops',
    delivered: false,
    milliseconds: 7,
    detail: 'The receiver responded with HTTP 500.',
  };
  assert.deepEqual((await ask('operator')).body, failed);
  rig.live.alertTest = { name: 'delivered', status: 204, milliseconds: 7 };
  const arrived = {
    receiver: 'ops',
    delivered: true,
    milliseconds: 7,
    detail: 'The receiver responded with HTTP 204.',
  };
  assert.deepEqual((await ask('operator')).body, arrived);
  const trail = await rig.rig.store.audit.list({ limit: 2 });
  assert.deepEqual(
    trail.map(({ action, subject, after }) => [action, subject, after]),
    [
      ['receiver.test', 'receiver:ops', '{"delivered":true}'],
      ['receiver.test', 'receiver:ops', '{"delivered":false}'],
    ],
  );
});

test('the former path of receiver tests names the current one', async () => {
  await using rig = await apiRig();
  const answer = await rig.ask('POST', '/api/v1/alerts/test', { as: 'operator', body: { receiver: 'ops' } });
  assertProblem(answer, 404, 'NOT_FOUND', /POST \/api\/v1\/receivers\/\{name\}\/test/);
});

test('receivers and rules of gateway.yaml are listed', async () => {
  await using api = await apiRig();
  const { items } = (await api.ask<{ items: object[] }>('GET', '/api/v1/receivers', { as: 'viewer' })).body;
  assert.deepEqual(items, [
    { name: 'ops', conditions: [], delivered: 3, failed: 1, abandoned: 0, pending: 0 },
  ]);
  const rules = await api.ask<{ items: object[] }>('GET', '/api/v1/alert-rules', { as: 'viewer' });
  assert.deepEqual(rules.body, { items: [] });
});
