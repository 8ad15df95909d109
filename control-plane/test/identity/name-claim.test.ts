import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '@penstock/wire';
import { agentKey, FROM, HOST, HOUR, identityIn, identityRig, problem, requestOf } from './identity-rig.ts';

test('a clone with its own key does not get the name of a connected agent', async () => {
  await using rig = await identityRig();
  const { enrollment, tokens, revocation } = rig.identity;
  const token = await rig.token({ uses: 5 });
  const original = await enrollment.enroll(requestOf(token, (await agentKey()).csr), FROM);
  rig.presence.set(original.agentId, { state: 'connected' });
  rig.clock.now += HOUR / 2;
  const clone = await agentKey();
  await assert.rejects(
    enrollment.enroll(requestOf(token, clone.csr), FROM),
    problem('NAME_TAKEN', /is connected with another key.*penstock-gateway agent revoke orders-1/s),
  );
  assert.equal((await tokens.list({ limit: 1 }))[0]?.usesLeft, 4, 'the use is returned');
  assert.equal(revocation.isRevoked(identityIn(original)), false);
  const [entry] = await rig.store.audit.list({ limit: 1 });
  assert.deepEqual(
    [entry?.action, entry?.subject, entry?.address],
    ['agent.enroll-refused', 'agent-name:orders-1', FROM],
  );
});

test('a reinstalled host gets its name after the old agent has left, and the old identity is revoked', async () => {
  await using rig = await identityRig();
  const { enrollment, revocation, renewal } = rig.identity;
  const token = await rig.token({ uses: 2 });
  const old = await enrollment.enroll(requestOf(token, (await agentKey()).csr), FROM);
  rig.presence.set(old.agentId, { state: 'left', goneFor: 60_000 });
  const revoked: string[] = [];
  revocation.onRevoked((agentId) => revoked.push(agentId));
  const key = await agentKey();
  const replacement = await enrollment.enroll(requestOf(token, key.csr), FROM);
  assert.notEqual(replacement.agentId, old.agentId);
  assert.deepEqual(revoked, [old.agentId]);
  assert.equal(revocation.isRevoked(identityIn(old)), true);
  assert.equal(revocation.isRevoked(identityIn(replacement)), false);
  assert.equal((await rig.store.agents.byName('orders-1'))?.id, replacement.agentId);
  assert.equal((await rig.store.agents.byId(old.agentId))?.revokedReason, 'replaced');
  await assert.rejects(renewal.renew(identityIn(old), { csr: key.csr }), problem('IDENTITY_REVOKED'));
  const [entry] = await rig.store.audit.list({ limit: 1 });
  assert.equal(entry?.action, 'agent.replace');
  assert.deepEqual(JSON.parse(entry?.before ?? ''), { id: old.agentId, name: 'orders-1', pool: 'dc1' });
});

test('an agent that lost its connection a moment ago cannot be replaced before the settle time', async () => {
  await using rig = await identityRig();
  const { enrollment, revocation } = rig.identity;
  const token = await rig.token({ uses: 3 });
  const original = await enrollment.enroll(requestOf(token, (await agentKey()).csr), FROM);
  rig.clock.now += HOUR / 2;
  const other = await agentKey();
  const attempt = () => enrollment.enroll(requestOf(token, other.csr), FROM);
  rig.presence.set(original.agentId, { state: 'left', goneFor: 1_000 });
  await assert.rejects(attempt(), (error: unknown) => {
    problem('TOO_MANY_REQUESTS', /too early to tell.*in 59 s/)(error);
    assert.equal(error instanceof ProblemError && error.retryAfter, 59);
    return true;
  });
  assert.equal(revocation.isRevoked(identityIn(original)), false);
  rig.presence.set(original.agentId, { state: 'left', goneFor: 60_000 });
  assert.notEqual((await attempt()).agentId, original.agentId);
});

test('an agent that has not connected yet keeps its name for a minute', async () => {
  await using rig = await identityRig();
  const { enrollment } = rig.identity;
  const token = await rig.token({ uses: 3 });
  await enrollment.enroll(requestOf(token, (await agentKey()).csr), FROM);
  const second = await agentKey();
  const attempt = () => enrollment.enroll(requestOf(token, second.csr), FROM);
  rig.clock.now += 20_000;
  await assert.rejects(attempt(), problem('TOO_MANY_REQUESTS', /too early to tell.*in 40 s/));
  rig.clock.now += 40_000;
  assert.match((await attempt()).agentId, /^agt_/);
});

test('a gateway that has just started lets agents reconnect before it reassigns their names', async () => {
  await using rig = await identityRig();
  const token = await rig.token({ uses: 3, ttl: 10 * HOUR });
  await rig.identity.enrollment.enroll(requestOf(token, (await agentKey()).csr), FROM);
  rig.clock.now += HOUR;
  const { enrollment } = await rig.restart();
  const second = await agentKey();
  const attempt = () => enrollment.enroll(requestOf(token, second.csr), FROM);
  await assert.rejects(attempt(), problem('TOO_MANY_REQUESTS', /in 60 s/));
  rig.clock.now += 60_000;
  assert.match((await attempt()).agentId, /^agt_/);
});

test('a token of one pool cannot take the name of an agent in another pool before its certificate has expired', async () => {
  await using rig = await identityRig();
  const { enrollment } = rig.identity;
  const old = await enrollment.enroll(requestOf(await rig.token(), (await agentKey()).csr), FROM);
  rig.presence.set(old.agentId, { state: 'left', goneFor: HOUR });
  const token = await rig.token({ pool: 'dc2', ttl: 100 * HOUR });
  const key = await agentKey();
  const attempt = () => enrollment.enroll(requestOf(token, key.csr, { pool: 'dc2' }), FROM);
  await assert.rejects(attempt(), problem('NAME_TAKEN', /valid identity in another pool/));
  rig.clock.now += 25 * HOUR;
  assert.notEqual((await attempt()).agentId, old.agentId);
});

test('a revoked or replaced key is never accepted again, but another key with the name is', async () => {
  await using rig = await identityRig();
  const { enrollment, revocation } = rig.identity;
  const token = await rig.token({ uses: 5 });
  const key = await agentKey();
  const { agentId } = await enrollment.enroll(requestOf(token, key.csr), FROM);
  await revocation.revoke(agentId, HOST);
  const again = enrollment.enroll(requestOf(token, key.csr), FROM);
  await assert.rejects(again, problem('IDENTITY_REVOKED', /remove the identity directory/));
  const replacement = await enrollment.enroll(requestOf(token, (await agentKey()).csr), FROM);
  assert.notEqual(replacement.agentId, agentId);
});

test('a key is bound to its name and pool', async () => {
  await using rig = await identityRig();
  const { enrollment } = rig.identity;
  const token = await rig.token({ uses: 5 });
  const { csr } = await agentKey();
  await enrollment.enroll(requestOf(token, csr), FROM);
  const renamed = enrollment.enroll(requestOf(token, csr, { name: 'orders-2' }), FROM);
  await assert.rejects(renamed, problem('CSR_INVALID', /belongs to the agent orders-1 of the pool dc1/));
});
