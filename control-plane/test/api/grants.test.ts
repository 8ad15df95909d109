import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiRig, assertProblem } from './api-rig.ts';

type Grant = { grant: string; id: string; state: string; expiresAt: string; revokedAt?: string };

const PATH = '/api/v1/grants';

test('a grant created by the API is usable, is listed without its secret, and is revoked by its ID', async () => {
  await using api = await apiRig();
  const body = { connections: ['orders'], sources: ['10.0.0.0/8'], maxConnections: 3, name: 'nightly' };
  const created = await api.ask<Grant>('POST', PATH, { as: 'admin', body });
  assert.equal(created.status, 201, created.text);
  const { grant, ...resource } = created.body;
  assert.deepEqual(resource, {
    id: resource.id,
    name: 'nightly',
    state: 'usable',
    connections: ['orders'],
    sources: ['10.0.0.0/8'],
    maxConnections: 3,
    inUse: 0,
    createdAt: new Date(api.rig.clock.now).toISOString(),
    createdBy: `admin-token:${api.tokens.admin.split('_')[2]}`,
    expiresAt: new Date(api.rig.clock.now + 8 * 3_600_000).toISOString(),
  });
  assert.match(grant, /^pst_grant_/);
  api.activeGrants.uses.set(resource.id, 1);
  const listed = await api.ask('GET', PATH, { as: 'viewer' });
  assert.deepEqual(listed.body, { items: [{ ...resource, inUse: 1 }] });
  const revoked = await api.ask<Grant>('DELETE', `${PATH}/${resource.id}`, { as: 'admin' });
  assert.deepEqual([revoked.status, revoked.body.state], [200, 'revoked']);
  assert.equal(api.activeGrants.size, 0);
});

test('invalid grants are refused with the reason', async () => {
  await using api = await apiRig();
  const ask = (body: unknown) => api.ask('POST', PATH, { as: 'admin', body });
  const unknown = /gateway\.yaml has no connection order\. Did you mean orders\?/;
  assertProblem(await ask({ connections: ['billing', 'order'] }), 404, 'CONNECTION_UNKNOWN', unknown);
  assertProblem(await ask({ connections: [] }), 400, 'REQUEST_INVALID');
  const sources = ['10.0.0.1/8'];
  assertProblem(await ask({ connections: ['orders'], sources }), 400, 'REQUEST_INVALID', /10\.0\.0\.1\/8/);
  assertProblem(await api.ask('DELETE', `${PATH}/none`, { as: 'admin' }), 404, 'NOT_FOUND');
});

test('only admins can create and revoke grants', async () => {
  await using api = await apiRig();
  for (const as of ['viewer', 'operator'] as const) {
    const body = { connections: ['orders'] };
    assert.equal((await api.ask('POST', PATH, { as, body })).status, 403);
    assert.equal((await api.ask('DELETE', `${PATH}/x`, { as })).status, 403);
  }
});
