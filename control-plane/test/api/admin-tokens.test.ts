import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../test/rig/eventually.ts';
import { apiRig, assertProblem } from './api-rig.ts';

const PATH = '/api/v1/admin-tokens';
type AdminToken = {
  token: string;
  id: string;
  name: string;
  role: string;
  createdAt: string;
  expiresAt?: string;
  usedAt?: string;
  revokedAt?: string;
};

/** The last use is written when no request waits for it. */
const withoutUse = ({ usedAt: _usedAt, ...token }: AdminToken) => token;

test('an admin token is created with a role, limited to that role, and revoked immediately', async () => {
  await using api = await apiRig();
  const body = { name: 'dashboard', role: 'viewer' };
  const { status, body: made } = await api.ask<AdminToken>('POST', PATH, { as: 'admin', body });
  assert.equal(status, 201);
  const { token, ...resource } = made;
  const createdAt = new Date(api.rig.clock.now).toISOString();
  assert.deepEqual(resource, { id: token.split('_')[2], name: 'dashboard', role: 'viewer', createdAt });
  assert.equal((await api.ask('GET', '/api/v1/agents', { as: token })).status, 200);
  assert.equal((await api.ask('GET', PATH, { as: token })).status, 403);

  const revoked = await api.ask<AdminToken>('DELETE', `${PATH}/${resource.id}`, { as: 'admin' });
  assert.deepEqual(withoutUse(revoked.body), { ...resource, revokedAt: createdAt });
  assertProblem(await api.ask('GET', '/api/v1/agents', { as: token }), 401, 'ADMIN_TOKEN_REVOKED');
  const again = await api.ask<AdminToken>('DELETE', `${PATH}/${resource.id}`, { as: 'admin' });
  assert.deepEqual(withoutUse(again.body), withoutUse(revoked.body));

  const listed = await api.ask<{ items: AdminToken[] }>('GET', PATH, { as: 'admin' });
  const states = listed.body.items.map(({ name, revokedAt }) => `${name} ${revokedAt === undefined}`);
  assert.deepEqual(states.sort(), ['a admin true', 'a operator true', 'a viewer true', 'dashboard false']);
  const actions = (await api.rig.store.audit.list({ limit: 2 })).map(
    ({ action, subject }) => `${action} ${subject}`,
  );
  assert.deepEqual(actions, [
    `admin-token.revoke admin-token:${resource.id}`,
    `admin-token.create admin-token:${resource.id}`,
  ]);
  assert.equal(
    JSON.stringify(await api.rig.store.audit.list({ limit: 9 })).includes(token.slice(-43)),
    false,
  );
});

test('invalid requests are refused with the reason', async () => {
  await using api = await apiRig();
  const cases: [unknown, RegExp][] = [
    [{ name: 'x' }, /required property 'role'/],
    [{ name: 'x', role: 'root' }, /body\/role must be equal to one of/],
    [{ name: '', role: 'viewer' }, /body\/name/],
    [{ name: 'a\u001b[2J', role: 'viewer' }, /body\/name/],
    [{ name: 'a\u202enimda', role: 'viewer' }, /body\/name/],
    [{ name: 'a\u200bb', role: 'viewer' }, /body\/name/],
    [{ name: 'a\u2028b', role: 'viewer' }, /body\/name/],
    [{ name: 'a\u{e0041}b', role: 'viewer' }, /body\/name/],
    [{ name: 'x', role: 'viewer', token: 'mine' }, /body has an unknown field token/],
  ];
  for (const [body, words] of cases) {
    assertProblem(await api.ask('POST', PATH, { as: 'admin', body }), 400, 'REQUEST_INVALID', words);
  }
  assertProblem(await api.ask('DELETE', `${PATH}/x`, { as: 'admin' }), 404, 'NOT_FOUND', /no admin token x/);
});

test('an admin token expires, and shows its last use without a write for each request', async (t) => {
  await using api = await apiRig();
  const body = { name: 'nightly job', role: 'viewer', ttlSeconds: 120 };
  const { token, id, expiresAt } = (await api.ask<AdminToken>('POST', PATH, { as: 'admin', body })).body;
  assert.equal(expiresAt, new Date(api.rig.clock.now + 120_000).toISOString());
  const uses = t.mock.method(api.rig.store.adminTokens, 'used').mock;
  const usesOf = () => uses.calls.filter(({ arguments: [used] }) => used === id).length;
  for (let request = 0; request < 3; request += 1) {
    assert.equal((await api.ask('GET', '/api/v1/pools', { as: token })).status, 200);
  }
  assert.equal(usesOf(), 1);
  api.rig.clock.now += 60_000;
  await api.ask('GET', '/api/v1/pools', { as: token });
  assert.equal(usesOf(), 2);
  await eventually('the last use to be listed', async () => {
    const { items } = (await api.ask<{ items: AdminToken[] }>('GET', PATH, { as: 'admin' })).body;
    return items.find((each) => each.id === id)?.usedAt === new Date(api.rig.clock.now).toISOString();
  });
  api.rig.clock.now += 60_000;
  assertProblem(await api.ask('GET', '/api/v1/pools', { as: token }), 401, 'ADMIN_TOKEN_EXPIRED');
});
