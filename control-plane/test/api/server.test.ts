import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { Counter } from 'prom-client';
import { deadline } from '../../../test/rig/deadline.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import type { ConnectionView } from '../../src/api/connections.ts';
import { absentView } from '../fleet/test-view.ts';
import { apiRig, assertProblem } from './api-rig.ts';

test('liveness and readiness are reported, with reasons', async () => {
  await using api = await apiRig();
  assert.deepEqual((await api.ask('GET', '/healthz')).body, { status: 'alive' });
  assert.deepEqual((await api.ask('GET', '/readyz')).body, { ready: true, reasons: [] });
  api.live.readiness = { ready: false, reasons: ['pool dc1 has 0 of 1 agents'] };
  const answer = await api.ask('GET', '/readyz');
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.body, { ready: false, reasons: ['pool dc1 has 0 of 1 agents'] });
});

test('metrics are served from the registry', async () => {
  await using api = await apiRig();
  new Counter({ name: 'penstock_test_total', help: 'A test.', registers: [api.metrics] }).inc(3);
  const answer = await api.ask('GET', '/metrics');
  assert.equal(answer.type, api.metrics.contentType);
  assert.match(answer.text, /^penstock_test_total 3$/m);
});

test('connections are listed by name', async () => {
  await using api = await apiRig();
  const view: ConnectionView = {
    name: 'orders',
    connector: 'orders-db',
    kind: 'postgresql',
    pools: ['dc1', 'dc2'],
    ingress: [
      { kind: 'tcp', address: '127.0.0.1', port: 15432 },
      { kind: 'sni', address: '127.0.0.1', port: 6432, host: 'orders.db.example.com', mode: 'terminate' },
      { kind: 'httpConnect', address: '127.0.0.1', port: 8888, grant: 'none', tls: 'off' },
    ],
    open: 2,
    waiting: 1,
    openedTotal: 9,
    failedTotal: 3,
    deniedTotal: 0,
  };
  api.live.connections = [view, { ...view, name: 'billing', ingress: [] }];
  const { body } = await api.ask('GET', '/api/v1/connections', { as: 'viewer' });
  assert.deepEqual(body, { items: [{ ...view, name: 'billing', ingress: [] }, view] });
});

test('unknown routes and malformed or oversized requests get problem documents', async () => {
  await using api = await apiRig();
  assertProblem(
    await api.ask('GET', '/nothing?token=secret'),
    404,
    'NOT_FOUND',
    /^(?!.*secret).*GET \/nothing/,
  );
  const tooLong = await api.ask('GET', `/api/v1/agents/${'x'.repeat(500)}`, { as: 'viewer' });
  assertProblem(tooLong, 400, 'REQUEST_INVALID', /too long/);
  assertProblem(await api.ask('GET', '/api/v1/agents/%zz'), 400, 'REQUEST_INVALID', /malformed or too long/);
  const put = await api.ask('PUT', '/api/v1/agents', { as: 'admin' });
  assertProblem(put, 405, 'METHOD_NOT_ALLOWED');
  assert.equal(put.headers['allow'], 'GET, HEAD');
  assert.equal((await api.ask('DELETE', '/api/v1/agents/a1')).headers['allow'], 'GET, HEAD');
  assertProblem(await api.ask('GET', '/api/v1/agents?cursor=', { as: 'viewer' }), 400, 'REQUEST_INVALID');
  const send = (payload: string, type = 'application/json') =>
    api.app.inject({
      method: 'POST',
      url: '/api/v1/enrollment-tokens',
      headers: { authorization: `Bearer ${api.tokens.admin}`, 'content-type': type },
      payload,
    });
  const codes = async (answer: ReturnType<typeof send>) => {
    const { statusCode, headers, body } = await answer;
    assert.match(String(headers['content-type']), /problem\+json/);
    assert.equal(body.includes('hunter2'), false);
    return [statusCode, JSON.parse(body).code];
  };
  assert.deepEqual(await codes(send('{"pool": hunter2')), [400, 'REQUEST_INVALID']);
  assert.deepEqual(await codes(send('')), [400, 'REQUEST_INVALID']);
  assert.deepEqual(await codes(send('pool=hunter2', 'application/x-www-form-urlencoded')), [
    400,
    'REQUEST_INVALID',
  ]);
  assert.deepEqual(await codes(send(`"${'x'.repeat(70_000)}"`)), [413, 'REQUEST_TOO_LARGE']);
  assert.deepEqual(await codes(send('{"__proto__": {"pool": "dc1"}}')), [400, 'REQUEST_INVALID']);
  assert.equal(api.failures.length, 0, 'none of it is a failure of the gateway');
});

test('during a store outage, changes are refused and agents are still listed', async () => {
  await using api = await apiRig();
  const { store } = api.rig;
  const body = { pool: 'dc1' };
  const { adminTokens } = store;
  const row = await adminTokens.byId(api.tokens.admin.split('_')[2] ?? '');
  await store.close();
  const refused = await api.ask('POST', '/api/v1/enrollment-tokens', { as: 'admin', body });
  assertProblem(refused, 503, 'STORE_UNAVAILABLE');
  assert.equal(refused.headers['retry-after'], '5');
  assert.equal(api.failures.length, 1);
  assert.equal(api.failures[0]?.path, '/api/v1/enrollment-tokens');
  for (const path of ['/healthz', '/readyz', '/metrics'])
    assert.equal((await api.ask('GET', path)).status, 200);

  // The token is still known here: the fleet is in memory.
  api.live.agents = [absentView('orders-1')];
  api.live.complete = false;
  Object.assign(adminTokens, { byId: async () => row });
  const { body: listing } = await api.ask<{ items: { name: string }[]; complete: boolean }>(
    'GET',
    '/api/v1/agents',
    { as: 'admin' },
  );
  assert.deepEqual([listing.items.map(({ name }) => name), listing.complete], [['orders-1'], false]);
});

test('internal errors are reported with details to the log only', async () => {
  await using api = await apiRig();
  Object.defineProperty(api.live, 'connections', {
    get: () => {
      throw new TypeError('secret insides');
    },
  });
  const answer = await api.ask('GET', '/api/v1/connections', { as: 'viewer' });
  assertProblem(answer, 500, 'INTERNAL', /^(?!.*insides)/);
  assert.match(String(api.failures[0]?.error), /secret insides/);
});

type Schema = { $ref?: string; properties?: Record<string, unknown> };
type Content = Record<string, { schema: Schema }>;
type Operation = {
  'x-penstock-role'?: string;
  security?: unknown[];
  requestBody?: { content: Content };
  responses: Record<string, { content: Content }>;
};
type Description = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

test('the OpenAPI 3.1 document has the routes with their roles and responses', async () => {
  await using api = await apiRig();
  const { body } = await api.ask<Description>('GET', '/api/v1/openapi.json');
  assert.equal(body.openapi, '3.1.0');
  const create = body.paths['/api/v1/enrollment-tokens']?.['post'];
  assert.equal(create?.['x-penstock-role'], 'admin');
  assert.deepEqual(Object.keys(create.responses).sort(), ['201', '4XX', '5XX']);
  const { $ref = '' } = create.requestBody?.content['application/json']?.schema ?? {};
  assert.ok(body.components.schemas[$ref.split('/').at(-1) ?? '']?.properties?.['pool'], $ref);
  assert.ok(create.responses['4XX']?.content['application/problem+json']);
  assert.deepEqual(body.paths['/healthz']?.['get']?.security, []);
});

test('closing the server closes keep-alive connections without leaks', async () => {
  await using _leaks = expectNoLeaks();
  await using api = await apiRig();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
  assert.equal(answer.status, 200);
  await answer.text();
  const idle = connect(port, '127.0.0.1');
  await once(idle, 'connect');
  const cut = once(idle, 'close');
  idle.resume();
  await deadline('the server to close', api.app.close());
  await deadline('the idle client to be cut', cut);
});
