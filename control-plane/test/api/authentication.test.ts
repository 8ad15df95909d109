import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { apiRig, assertProblem } from './api-rig.ts';

test('missing, unknown, foreign and revoked tokens are refused with distinct codes', async () => {
  await using api = await apiRig();
  const token = api.tokens.admin;
  const none = await api.ask('GET', '/api/v1/agents');
  assertProblem(none, 401, 'ADMIN_TOKEN_REQUIRED', /PENSTOCK_TOKEN/);
  assert.equal(none.headers['www-authenticate'], 'Bearer');
  const last = token.endsWith('A') ? 'B' : 'A';
  for (const wrong of [token.slice(0, -1) + last, 'pst_admin_', await api.rig.token(), 'x']) {
    assertProblem(await api.ask('GET', '/api/v1/agents', { as: wrong }), 401, 'ADMIN_TOKEN_UNKNOWN');
  }
  const enrollment = await api.ask('GET', '/api/v1/agents', { as: await api.rig.token() });
  assertProblem(
    enrollment,
    401,
    'ADMIN_TOKEN_UNKNOWN',
    /This is an enrollment token\. The API takes admin tokens\./,
  );
  const basic = await api.app.inject({ url: '/api/v1/agents', headers: { authorization: `Basic ${token}` } });
  assert.equal(basic.statusCode, 401);
  assert.equal((await api.ask('GET', '/api/v1/agents', { as: token })).status, 200);

  const id = token.split('_')[2] ?? '';
  const { adminTokens } = api.rig.store;
  const row = await adminTokens.byId(id);
  assert.equal(row?.hash.includes(token), false);
});

test('each role has exactly its permissions', async () => {
  await using api = await apiRig();
  const body = { pool: 'dc1' };
  const statuses = async (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: unknown) => {
    const answers = [];
    for (const as of ['viewer', 'operator', 'admin']) {
      answers.push((await api.ask(method, path, { as, body: payload })).status);
    }
    return answers;
  };
  assert.deepEqual(await statuses('GET', '/api/v1/agents'), [200, 200, 200]);
  assert.deepEqual(await statuses('GET', '/api/v1/agents/x'), [404, 404, 404]);
  assert.deepEqual(await statuses('GET', '/api/v1/connections'), [200, 200, 200]);
  assert.deepEqual(await statuses('GET', '/api/v1/enrollment-tokens'), [200, 200, 200]);
  assert.deepEqual(await statuses('POST', '/api/v1/enrollment-tokens', body), [403, 403, 201]);
  assert.deepEqual(await statuses('DELETE', '/api/v1/enrollment-tokens/x'), [403, 403, 404]);
  assert.deepEqual(await statuses('POST', '/api/v1/agents/x/revoke'), [403, 403, 404]);
  const refused = await api.ask('POST', '/api/v1/enrollment-tokens', { as: 'viewer', body });
  assertProblem(
    refused,
    403,
    'ROLE_INSUFFICIENT',
    /requires the role admin, but the admin token a viewer has .* viewer/,
  );
});

test('health, readiness, metrics and the OpenAPI document need no token, but every other route does', async () => {
  await using api = await apiRig();
  for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/openapi.json']) {
    assert.equal((await api.ask('GET', path)).status, 200, path);
  }
  const { body } = await api.ask<{ paths: Record<string, Record<string, unknown>> }>(
    'GET',
    '/api/v1/openapi.json',
  );
  const paths = Object.entries(body.paths);
  let guarded = 0;
  for (const [path, methods] of paths.filter(([each]) => each.startsWith('/api/'))) {
    for (const method of Object.keys(methods)) {
      if (path === '/api/v1/console-sessions' && method === 'post') continue;
      if (path === '/api/v1/sign-in-methods') continue;
      // More routes than the attempts that one source has in a minute.
      api.rig.clock.now += 10_000;
      const answer = await api.ask(method.toUpperCase() as 'GET', path.replace(/\{\w+\}/g, 'x'));
      assertProblem(answer, 401, 'ADMIN_TOKEN_REQUIRED');
      guarded += 1;
    }
  }
  assert.ok(guarded >= 7, `${guarded} routes`);
});

test('a source with too many failures is limited, except for a token that was valid recently', async () => {
  await using api = await apiRig();
  assert.equal((await api.ask('GET', '/api/v1/agents', { as: 'admin' })).status, 200);
  const fail = () => api.ask('GET', '/api/v1/agents', { as: 'wrong' });
  for (let count = 0; count < 60; count += 1) assertProblem(await fail(), 401, 'ADMIN_TOKEN_UNKNOWN');
  const refused = await fail();
  assertProblem(refused, 429, 'TOO_MANY_REQUESTS', /in 60 s/);
  assert.equal(refused.headers['retry-after'], '60');
  // Nothing is guessed without a token.
  for (let count = 0; count < 70; count += 1)
    assertProblem(await api.ask('GET', '/api/v1/agents'), 401, 'ADMIN_TOKEN_REQUIRED');
  assert.equal((await api.ask('GET', '/api/v1/agents', { as: 'admin' })).status, 200);
  api.rig.clock.now += 60_000;
  assertProblem(await fail(), 401, 'ADMIN_TOKEN_UNKNOWN');
});

test('a limited source causes no reads of the store, even with the ID of a valid token', async (t) => {
  await using api = await apiRig();
  const random = () =>
    `pst_admin_${randomBytes(10).toString('hex')}_${randomBytes(32).toString('base64url')}`;
  const fail = (as: string) => api.ask('GET', '/api/v1/agents', { as });
  assert.equal((await api.ask('GET', '/api/v1/agents', { as: 'admin' })).status, 200);
  for (let count = 0; count < 60; count += 1) assertProblem(await fail(random()), 401, 'ADMIN_TOKEN_UNKNOWN');
  const reads = t.mock.method(api.rig.store.adminTokens, 'byId').mock;
  const [good, id = ''] = [api.tokens.admin, api.tokens.admin.split('_')[2]];
  const forged = good.slice(0, good.indexOf(id) + id.length + 1) + 'A'.repeat(43);
  for (const token of [random(), forged, api.tokens.viewer]) {
    const refused = await fail(token);
    assertProblem(refused, 429, 'TOO_MANY_REQUESTS');
    assert.equal(refused.headers['retry-after'], '60');
  }
  assert.equal(reads.callCount(), 0);
  assert.equal((await fail(good)).status, 200);
  // Revoked without a notification to this gateway.
  await api.rig.store.adminTokens.revoke(id, api.rig.clock.now);
  assertProblem(await fail(good), 429, 'TOO_MANY_REQUESTS');
  const before = reads.callCount();
  assertProblem(await fail(good), 429, 'TOO_MANY_REQUESTS');
  assert.equal(reads.callCount(), before);
});

test('concurrent requests with wrong tokens cannot exceed the limit', async (t) => {
  await using api = await apiRig();
  const reads = t.mock.method(api.rig.store.adminTokens, 'byId').mock;
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => {
      const wrong = `pst_admin_${randomBytes(10).toString('hex')}_${randomBytes(32).toString('base64url')}`;
      return api.ask('GET', '/api/v1/agents', { as: wrong });
    }),
  );
  const statuses = Map.groupBy(answers, ({ status }) => status);
  assert.deepEqual([statuses.get(401)?.length, statuses.get(429)?.length], [60, 140]);
  assert.equal(reads.callCount(), 60);
});

test('concurrent requests with a valid token do not count as attempts', async () => {
  await using api = await apiRig();
  const ask = () => api.ask('GET', '/api/v1/connections', { as: 'viewer' });
  const answers = await Promise.all(Array.from({ length: 100 }, ask));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});

test('requests with a valid token do not count as attempts', async () => {
  await using api = await apiRig();
  for (let count = 0; count < 100; count += 1) {
    assert.equal((await api.ask('GET', '/api/v1/connections', { as: 'viewer' })).status, 200);
  }
});
