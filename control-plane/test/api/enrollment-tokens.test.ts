import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentKey, FROM, requestOf } from '../identity/identity-rig.ts';
import { apiRig, assertProblem } from './api-rig.ts';

type Token = {
  token: string;
  id: string;
  state: string;
  uses: number;
  namePattern?: string;
  sources?: string[];
  createdAt: string;
  expiresAt: string;
  revokedAt?: string;
};
type TokenList = { items: Token[]; nextCursor?: string };

const PATH = '/api/v1/enrollment-tokens';

test('a token created by the API enrolls an agent, is listed without its secret, and is revoked by its ID', async () => {
  await using api = await apiRig();
  const body = { pool: 'dc1', uses: 2, ttlSeconds: 60, namePattern: 'orders-*', sources: ['10.0.0.0/8'] };
  const created = await api.ask<Token>('POST', PATH, { as: 'admin', body });
  assert.equal(created.status, 201);
  assert.equal(created.headers['cache-control'], 'no-store');
  const { token, ...resource } = created.body;
  const admin = `admin-token:${api.tokens.admin.split('_')[2]}`;
  assert.deepEqual(resource, {
    id: token.split('_')[2],
    state: 'usable',
    pool: 'dc1',
    uses: 2,
    usesLeft: 2,
    namePattern: 'orders-*',
    sources: ['10.0.0.0/8'],
    createdAt: new Date(api.rig.clock.now).toISOString(),
    createdBy: admin,
    expiresAt: new Date(api.rig.clock.now + 60_000).toISOString(),
  });
  const { csr } = await agentKey();
  await api.rig.identity.enrollment.enroll(requestOf(token, csr), FROM);

  const listed = await api.ask('GET', PATH, { as: 'viewer' });
  assert.deepEqual(listed.body, { items: [{ ...resource, usesLeft: 1 }] });
  const revoked = await api.ask<Token>('DELETE', `${PATH}/${resource.id}`, { as: 'admin' });
  assert.equal(revoked.status, 200);
  assert.deepEqual([revoked.body.state, revoked.body.revokedAt], ['revoked', resource.createdAt]);
  assert.equal((await api.ask('DELETE', `${PATH}/${resource.id}`, { as: 'admin' })).status, 200);
  const actions = (await api.rig.store.audit.list({ limit: 3 })).map(
    ({ actor, action }) => `${actor} ${action}`,
  );
  assert.deepEqual(actions, [
    `${admin} enrollment-token.revoke`,
    `enrollment-token:${resource.id} agent.enroll`,
    `${admin} enrollment-token.create`,
  ]);
});

test('the defaults are one use, one hour, any source and any name', async () => {
  await using api = await apiRig();
  const { body } = await api.ask<Token>('POST', PATH, { as: 'admin', body: { pool: 'dc2' } });
  assert.deepEqual([body.uses, body.namePattern, body.sources], [1, undefined, undefined]);
  assert.equal(Date.parse(body.expiresAt) - Date.parse(body.createdAt), 3_600_000);
});

test('tokens are listed newest first, by page', async () => {
  await using api = await apiRig();
  for (let count = 0; count < 3; count += 1) {
    await api.ask('POST', PATH, { as: 'admin', body: { pool: 'dc1', uses: count + 1 } });
    api.rig.clock.now += 1;
  }
  const first = await api.ask<TokenList>('GET', `${PATH}?limit=2`, { as: 'viewer' });
  const second = await api.ask<TokenList>('GET', `${PATH}?limit=2&cursor=${first.body.nextCursor}`, {
    as: 'viewer',
  });
  const uses = (answer: typeof first) => answer.body.items.map((item) => item.uses);
  assert.deepEqual([uses(first), uses(second)], [[3, 2], [1]]);
  assert.equal(second.body.nextCursor, undefined);
});

test('invalid requests are refused with the field and the reason', async () => {
  await using api = await apiRig();
  const cases: [unknown, RegExp][] = [
    [{}, /body must have required property 'pool'/],
    [{ pool: 'a/b' }, /body\/pool must match/],
    [{ pool: 'dc1', uses: 0 }, /body\/uses must be >= 1/],
    [{ pool: 'dc1', uses: '2' }, /body\/uses must be integer/],
    [{ pool: 'dc1', ttlSeconds: 1e9 }, /body\/ttlSeconds must be <=/],
    [{ pool: 'dc1', ttl: 5 }, /body has an unknown field ttl/],
    [{ pool: 'dc1', namePattern: 'a b' }, /body\/namePattern/],
    [{ pool: 'dc1', sources: ['10.0.0.0'] }, /10\.0\.0\.0 is not a CIDR range/],
    [[], /body must be object/],
  ];
  for (const [body, words] of cases) {
    assertProblem(await api.ask('POST', PATH, { as: 'admin', body }), 400, 'REQUEST_INVALID', words);
  }
  const unknown = await api.ask('POST', PATH, { as: 'admin', body: { pool: 'dc9' } });
  assertProblem(unknown, 404, 'POOL_UNKNOWN', /no pool dc9/);
  assertProblem(
    await api.ask('DELETE', `${PATH}/x`, { as: 'admin' }),
    404,
    'NOT_FOUND',
    /no enrollment token x/,
  );
});
