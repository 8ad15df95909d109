import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { STORE_FILE } from '@penstock/store';
import { FROM, HOST, HOUR, identityRig, problem } from './identity-rig.ts';

test('a token is returned once, stored only as its hash, and listed without it', async () => {
  await using rig = await identityRig();
  const { tokens } = rig.identity;
  const { token, view } = await tokens.create(
    { pool: 'dc1', uses: 2, ttl: HOUR, namePattern: 'orders-*', sources: ['10.0.0.0/8', '2001:db8::/32'] },
    { id: 'admin-token:1', address: '127.0.0.1' },
  );
  assert.match(token, /^pst_enroll_[0-9a-f]{20}_[A-Za-z0-9_-]{43}$/);
  assert.equal(token.split('_')[2], view.id);
  const [listed] = await tokens.list({ limit: 10 });
  assert.deepEqual(listed, view);
  assert.deepEqual(view, {
    id: view.id,
    state: 'usable',
    pool: 'dc1',
    uses: 2,
    usesLeft: 2,
    namePattern: 'orders-*',
    sources: ['10.0.0.0/8', '2001:db8::/32'],
    createdAt: rig.clock.now,
    createdBy: 'admin-token:1',
    expiresAt: rig.clock.now + HOUR,
    revokedAt: undefined,
  });
  const row = await rig.store.enrollmentTokens.byId(view.id);
  assert.equal(row?.hash, createHash('sha256').update(token).digest('hex'));
  const secret = token.slice(-43);
  assert.equal(JSON.stringify(await rig.store.audit.list({ limit: 10 })).includes(secret), false);
  for (const file of [STORE_FILE, `${STORE_FILE}-wal`]) {
    assert.equal((await readFile(join(rig.directory, file))).includes(secret), false, file);
  }
});

test('tokens are unique', async () => {
  await using rig = await identityRig();
  const created = new Set<string>();
  for (let count = 0; count < 20; count += 1) created.add(await rig.token());
  assert.equal(created.size, 20);
});

test('no token is created for an unconfigured pool', async () => {
  await using rig = await identityRig();
  await assert.rejects(rig.token({ pool: 'dc9' }), problem('POOL_UNKNOWN', /no pool dc9\. Add it/));
});

test('a token is admitted for its pool, names and sources, until it expires or is revoked', async () => {
  await using rig = await identityRig();
  const { tokens } = rig.identity;
  const token = await rig.token({ namePattern: 'orders-*', sources: ['10.0.0.0/8', '2001:db8::/32'] });
  const use = { name: 'orders-1', pool: 'dc1', address: FROM };
  const id = (await tokens.admit(token, use)).id;
  for (const address of ['10.255.0.1', '::ffff:10.0.0.1', '2001:db8::9']) {
    assert.equal((await tokens.admit(token, { ...use, address })).id, id);
  }
  for (const address of ['11.0.0.1', '2001:db9::9', '::ffff:11.0.0.1', '']) {
    await assert.rejects(
      tokens.admit(token, { ...use, address }),
      problem('TOKEN_WRONG_SOURCE', /10\.0\.0\.0\/8/),
    );
  }
  await assert.rejects(tokens.admit(token, { ...use, name: 'x' }), problem('TOKEN_WRONG_NAME', /orders-\*/));
  await assert.rejects(tokens.admit(token, { ...use, pool: 'dc2' }), problem('TOKEN_WRONG_POOL', /pool dc1/));

  rig.clock.now += HOUR;
  await assert.rejects(tokens.admit(token, use), problem('TOKEN_EXPIRED', /expired at 20/));
  await tokens.revoke(id, HOST);
  await assert.rejects(tokens.admit(token, use), problem('TOKEN_REVOKED'));
});

test('a token that is altered, of another kind or invented is unknown', async () => {
  await using rig = await identityRig();
  const { tokens } = rig.identity;
  const token = await rig.token();
  const use = { name: 'orders-1', pool: 'dc1', address: FROM };
  const last = token.endsWith('A') ? 'B' : 'A';
  const wrong = [
    token.slice(0, -1) + last,
    token.slice(0, -1),
    `${token}A`,
    token.replace('pst_enroll', 'pst_admin'),
    token.toUpperCase(),
    'pst_enroll_',
    '',
    `pst_enroll_${'0'.repeat(20)}_${'A'.repeat(43)}`,
  ];
  for (const each of wrong) await assert.rejects(tokens.admit(each, use), problem('TOKEN_UNKNOWN'), each);
  await assert.rejects(tokens.admit('pst_admin_x', use), /This is an admin token\. Agents enroll with/);
  await assert.rejects(tokens.admit('pst_grant_x', use), /This is a grant\./);
});

test('a revocation is audited once, and has no effect the second time', async () => {
  await using rig = await identityRig();
  const { tokens } = rig.identity;
  const id = (await rig.token()).split('_')[2] ?? '';
  const revoked = await tokens.revoke(id, { id: 'admin-token:1' });
  assert.equal(revoked?.state, 'revoked');
  assert.equal(revoked?.revokedAt, rig.clock.now);
  assert.deepEqual(await tokens.revoke(id, HOST), revoked);
  assert.equal(await tokens.revoke('nothing', HOST), undefined);
  const actions = (await rig.store.audit.list({ limit: 10 })).map(
    ({ action, actor }) => `${actor} ${action}`,
  );
  assert.deepEqual(actions, ['admin-token:1 enrollment-token.revoke', 'host enrollment-token.create']);
});
