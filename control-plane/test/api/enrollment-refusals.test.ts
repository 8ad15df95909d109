import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnrollmentRefusalList, EnrollmentTokenDetail } from '@penstock/api-schema';
import type { Static } from '@penstock/json-schema';
import { EnrollmentRefusals } from '../../src/identity/enrollment-refusals.ts';
import { agentKey, FROM, requestOf } from '../identity/identity-rig.ts';
import { apiRig, assertProblem } from './api-rig.ts';

test('a token shows who enrolled with it, who was refused, why, and how often', async () => {
  await using api = await apiRig();
  const { identity } = api.rig;
  const token = await api.rig.token({ namePattern: 'orders-*', uses: 2 });
  const id = token.split('_')[2] ?? '';
  const { csr } = await agentKey();
  const show = async () =>
    (await api.ask<EnrollmentTokenDetail>('GET', `/api/v1/enrollment-tokens/${id}`, { as: 'viewer' })).body;
  assert.deepEqual([(await show()).agents, (await show()).refusals], [[], []]);

  const refused = [];
  identity.refusals.onRefused((refusal) => refused.push(refusal));
  for (let count = 0; count < 3; count += 1) {
    await assert.rejects(identity.enrollment.enroll(requestOf(token, csr, { name: 'billing-1' }), FROM));
  }
  await assert.rejects(identity.enrollment.check({ token, name: 'orders-1', pool: 'dc2' }, FROM));
  await assert.rejects(identity.enrollment.enroll({ token: `${token.slice(0, -1)}!`, name: 7 }, FROM));
  await identity.enrollment.enroll(requestOf(token, csr), FROM);
  const { agents, refusals, usesLeft } = await show();
  assert.equal(usesLeft, 1);
  assert.deepEqual(
    agents.map(({ name, address }) => [name, address]),
    [['orders-1', FROM]],
  );
  const found = refusals.map(({ code, name, count }) => [code, name, count]);
  assert.deepEqual(found.toSorted(), [
    ['TOKEN_WRONG_NAME', 'billing-1', 3],
    ['TOKEN_WRONG_POOL', 'orders-1', 1],
  ]);
  const wrong = refusals.find(({ code }) => code === 'TOKEN_WRONG_NAME');
  assert.match(wrong?.message ?? '', /agents named orders-\*, not billing-1/);
  assert.match(wrong?.advice ?? '', /--name-pattern/);
  assert.equal(refused.length, 3, 'a repetition within 10 s is not published again');

  const all = await api.ask<Static<typeof EnrollmentRefusalList>>('GET', '/api/v1/enrollment-refusals', {
    as: 'viewer',
  });
  assert.equal(all.body.items.length, 3);
  assert.equal(all.text.includes(token), false);
  assertProblem(await api.ask('GET', '/api/v1/enrollment-tokens/x', { as: 'viewer' }), 404, 'NOT_FOUND');
});

test('refusals are bounded, printable, and published a few a second', () => {
  let now = 0;
  const refusals = new EnrollmentRefusals(() => now);
  let published = 0;
  refusals.onRefused(() => {
    published += 1;
  });
  const why = { code: 'TOKEN_UNKNOWN', detail: 'x'.repeat(1_000) } as const;
  for (let count = 0; count < 2_000; count += 1) {
    refusals.add({ name: `a${count}\u001b[31m${'y'.repeat(200)}`, pool: {} }, '192.0.2.1', why);
  }
  const listed = refusals.list();
  assert.equal(listed.length, 500);
  assert.ok(
    listed.every(
      ({ name = '', detail }) => name.length < 80 && !name.includes('\u001b') && detail.length <= 400,
    ),
  );
  assert.equal(published, 10);
  now += 1_000;
  refusals.add('not an object', '192.0.2.1', why);
  assert.equal(published, 11);
  assert.equal(refusals.list()[0]?.name, undefined);
});
