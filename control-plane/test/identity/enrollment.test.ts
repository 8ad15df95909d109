import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { agentKey, FROM, HOST, HOUR, identityIn, identityRig, problem, requestOf } from './identity-rig.ts';

test('a token and a key yield a certificate for a new agent', async () => {
  await using rig = await identityRig();
  const { enrollment, authority } = rig.identity;
  const { csr, pem } = await agentKey();
  const issued = await enrollment.enroll(requestOf(await rig.token(), csr), FROM);
  const identity = identityIn(issued);
  assert.match(issued.agentId, /^agt_[0-9a-f]{20}$/);
  assert.equal(identity.agentId, issued.agentId);
  assert.deepEqual([identity.name, identity.pool, identity.organization], ['orders-1', 'dc1', 'acme']);
  assert.equal(new Date(issued.notAfter).getTime(), identity.notAfter);
  assert.ok(issued.certificateChain.endsWith(authority.caPem));
  assert.equal(new X509Certificate(issued.certificateChain).checkPrivateKey(createPrivateKey(pem)), true);
  const agent = await rig.store.agents.byId(issued.agentId);
  assert.deepEqual([agent?.name, agent?.pool], ['orders-1', 'dc1']);
  assert.equal((await rig.store.identities.bySerial(identity.serial))?.agentId, issued.agentId);
});

test('each fault of a request has its problem code', async () => {
  await using rig = await identityRig();
  const { enrollment, tokens } = rig.identity;
  const { csr } = await agentKey();
  const usable = await rig.token({ namePattern: 'orders-*', sources: ['10.0.0.0/8'], uses: 5 });
  const refusal = (body: unknown, from = FROM) => enrollment.enroll(body, from);

  for (const body of [
    undefined,
    null,
    'text',
    [],
    {},
    { token: usable, csr },
    requestOf(usable, csr, { name: 'a/b' }),
  ]) {
    await assert.rejects(
      refusal(body),
      problem('REQUEST_INVALID', /^(?!.*pst_enroll)/),
      JSON.stringify(body),
    );
  }
  await assert.rejects(refusal(requestOf('x'.repeat(300), csr)), problem('REQUEST_INVALID'));
  await assert.rejects(refusal(requestOf('pst_enroll_x', csr)), problem('TOKEN_UNKNOWN'));
  await assert.rejects(refusal(requestOf(usable, csr, { pool: 'dc2' })), problem('TOKEN_WRONG_POOL'));
  await assert.rejects(refusal(requestOf(usable, csr, { name: 'db-1' })), problem('TOKEN_WRONG_NAME'));
  await assert.rejects(refusal(requestOf(usable, csr), '192.0.2.1'), problem('TOKEN_WRONG_SOURCE'));
  await assert.rejects(refusal(requestOf(usable, 'not a request')), problem('CSR_INVALID'));
  const revoked = await rig.token();
  await tokens.revoke(revoked.split('_')[2] ?? '', HOST);
  await assert.rejects(refusal(requestOf(revoked, csr)), problem('TOKEN_REVOKED'));
  const short = await rig.token({ ttl: 1000 });
  rig.clock.now += 1000;
  await assert.rejects(refusal(requestOf(short, csr)), problem('TOKEN_EXPIRED'));
  assert.equal(
    (await tokens.list({ limit: 10 })).find(({ uses }) => uses === 5)?.usesLeft,
    5,
    'no use is taken',
  );
});

test('the same key with the same token is the same agent and one use, even when no uses are left', async () => {
  await using rig = await identityRig();
  const { enrollment, tokens } = rig.identity;
  const token = await rig.token();
  const { csr } = await agentKey();
  const first = await enrollment.enroll(requestOf(token, csr), FROM);
  const again = await enrollment.enroll(requestOf(token, csr), FROM);
  assert.equal(again.agentId, first.agentId);
  assert.notEqual(identityIn(again).serial, identityIn(first).serial);
  const [view] = await tokens.list({ limit: 1 });
  assert.deepEqual([view?.state, view?.usesLeft], ['exhausted', 0]);
  const other = await agentKey();
  const second = enrollment.enroll(requestOf(token, other.csr, { name: 'orders-2' }), FROM);
  await assert.rejects(second, problem('TOKEN_EXHAUSTED'));

  // The agent was offline until its certificate expired. Its key and its old token suffice while the token is valid.
  const lasting = await rig.token({ ttl: 100 * HOUR });
  const third = await agentKey();
  const before = await enrollment.enroll(requestOf(lasting, third.csr, { name: 'orders-3' }), FROM);
  rig.clock.now += 48 * HOUR;
  const after = await enrollment.enroll(requestOf(lasting, third.csr, { name: 'orders-3' }), FROM);
  assert.equal(after.agentId, before.agentId);
  assert.ok(Date.parse(after.notAfter) > rig.clock.now);
});

test('the same key with another token is the same agent and consumes a use', async () => {
  await using rig = await identityRig();
  const { enrollment } = rig.identity;
  const { csr } = await agentKey();
  const first = await enrollment.enroll(requestOf(await rig.token(), csr), FROM);
  rig.presence.set(first.agentId, { state: 'connected' });
  const fresh = await rig.token();
  const again = await enrollment.enroll(requestOf(fresh, csr), FROM);
  assert.equal(again.agentId, first.agentId);
  const other = await agentKey();
  const late = enrollment.enroll(requestOf(fresh, other.csr, { name: 'orders-2' }), FROM);
  await assert.rejects(late, problem('TOKEN_EXHAUSTED'));
});

test('uses are counted correctly when many agents enroll concurrently', async () => {
  await using rig = await identityRig();
  const { enrollment } = rig.identity;
  const token = await rig.token({ uses: 3 });
  const keys = await Promise.all(Array.from({ length: 8 }, agentKey));
  const results = await Promise.allSettled(
    keys.map(({ csr }, index) => enrollment.enroll(requestOf(token, csr, { name: `orders-${index}` }), FROM)),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 3);
  for (const result of results) if (result.status === 'rejected') problem('TOKEN_EXHAUSTED')(result.reason);
});

test('the same key sent twice concurrently is one agent and one use', async () => {
  await using rig = await identityRig();
  const { enrollment, tokens } = rig.identity;
  const token = await rig.token({ uses: 3 });
  const { csr } = await agentKey();
  const [one, two] = await Promise.all([
    enrollment.enroll(requestOf(token, csr), FROM),
    enrollment.enroll(requestOf(token, csr), FROM),
  ]);
  assert.equal(one?.agentId, two?.agentId);
  assert.equal((await tokens.list({ limit: 1 }))[0]?.usesLeft, 2);
});

test('a source that keeps failing is limited, others are not', async () => {
  await using rig = await identityRig();
  const { enrollment } = rig.identity;
  const { csr } = await agentKey();
  for (let count = 0; count < 30; count += 1) {
    await assert.rejects(enrollment.enroll(requestOf('wrong', csr), FROM), problem('TOKEN_UNKNOWN'));
  }
  const token = await rig.token();
  const refused = enrollment.enroll(requestOf(token, csr), FROM);
  await assert.rejects(refused, problem('TOO_MANY_REQUESTS', /in 60 s/));
  assert.match((await enrollment.enroll(requestOf(token, csr), '10.9.9.9')).agentId, /^agt_/);
});

test('the number of certificates per agent is limited', async () => {
  await using rig = await identityRig();
  const { enrollment } = rig.identity;
  const token = await rig.token();
  const { csr } = await agentKey();
  for (let count = 0; count < 20; count += 1) await enrollment.enroll(requestOf(token, csr), FROM);
  await assert.rejects(enrollment.enroll(requestOf(token, csr), FROM), problem('TOO_MANY_REQUESTS'));
});

test('while the store is unavailable, the agent is asked to retry', async () => {
  await using rig = await identityRig();
  const token = await rig.token();
  const { csr } = await agentKey();
  await rig.store.close();
  // More often than the limit of failed attempts, which does not apply: the agent is not at fault.
  for (let count = 0; count < 40; count += 1) {
    await assert.rejects(rig.identity.enrollment.enroll(requestOf(token, csr), FROM), (error: unknown) => {
      problem('STORE_UNAVAILABLE')(error);
      assert.ok(error instanceof Error && 'retryAfter' in error);
      assert.equal(error.retryAfter, 5);
      return true;
    });
  }
});
