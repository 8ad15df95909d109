import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentKey, FROM, HOUR, identityIn, identityRig, requestOf } from './identity-rig.ts';

test('a revocation covers every certificate of an agent, is announced, and survives a restart', async () => {
  await using rig = await identityRig();
  const { enrollment, renewal, revocation } = rig.identity;
  const { csr } = await agentKey();
  const first = identityIn(await enrollment.enroll(requestOf(await rig.token(), csr), FROM));
  const second = identityIn(await renewal.renew(first, { csr: (await agentKey()).csr }));
  const bystander = identityIn(
    await enrollment.enroll(requestOf(await rig.token(), (await agentKey()).csr, { name: 'orders-2' }), FROM),
  );
  const announced: string[] = [];
  const stop = revocation.onRevoked((agentId) => announced.push(agentId));

  assert.equal(await revocation.revoke(first.agentId, { id: 'admin-token:1', address: '::1' }), true);
  assert.equal(await revocation.revoke(first.agentId, { id: 'admin-token:1' }), false);
  assert.equal(await revocation.revoke('agt_unknown', { id: 'admin-token:1' }), false);
  assert.deepEqual(announced, [first.agentId]);
  for (const each of [revocation, (await rig.restart()).revocation]) {
    assert.equal(each.isRevoked(first), true);
    assert.equal(each.isRevoked(second), true);
    assert.equal(each.isRevoked(bystander), false);
    // The serial alone suffices, whatever agent id the certificate contains.
    assert.equal(each === revocation || each.isRevoked({ ...second, agentId: 'agt_other' }), true);
  }
  const [entry] = await rig.store.audit.list({ limit: 1 });
  assert.deepEqual(
    [entry?.actor, entry?.action, entry?.subject, entry?.address],
    ['admin-token:1', 'agent.revoke', `agent:${first.agentId}`, '::1'],
  );
  stop();
  await revocation.revoke(bystander.agentId, { id: 'host' });
  assert.equal(announced.length, 1);
});

test('a restart does not load revocations of expired certificates', async () => {
  await using rig = await identityRig();
  const { enrollment, revocation } = rig.identity;
  const { csr } = await agentKey();
  const identity = identityIn(await enrollment.enroll(requestOf(await rig.token(), csr), FROM));
  await revocation.revoke(identity.agentId, { id: 'host' });
  rig.clock.now += 25 * HOUR;
  assert.equal((await rig.restart()).revocation.isRevoked(identity), false, 'TLS rejects it');
});
