import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentIdentity } from '@penstock/wire';
import {
  agentKey,
  FROM,
  HOST,
  HOUR,
  type IdentityRig,
  identityIn,
  identityRig,
  problem,
  requestOf,
} from './identity-rig.ts';

async function enrolled(rig: IdentityRig, name = 'orders-1'): Promise<AgentIdentity> {
  const { csr } = await agentKey();
  return identityIn(await rig.identity.enrollment.enroll(requestOf(await rig.token(), csr, { name }), FROM));
}

test('an agent renews with a new key, and can repeat that after a lost response', async () => {
  await using rig = await identityRig();
  const { renewal } = rig.identity;
  const first = await enrolled(rig);
  rig.clock.now += 16 * HOUR;
  const { csr } = await agentKey();
  const second = identityIn(await renewal.renew(first, { csr }));
  const again = identityIn(await renewal.renew(first, { csr }));
  for (const next of [second, again]) {
    assert.deepEqual({ ...next, serial: '', notAfter: 0 }, { ...first, serial: '', notAfter: 0 });
    assert.equal(Math.floor(next.notAfter / 1000), Math.floor((rig.clock.now + 24 * HOUR) / 1000));
    assert.equal(rig.identity.revocation.isRevoked(next), false);
  }
  assert.equal(
    rig.identity.revocation.isRevoked(first),
    false,
    'the old certificate stays valid until it expires',
  );
  // The new key belongs to the agent too, so the agent may enroll again with it.
  const fresh = requestOf(await rig.token(), csr);
  assert.equal((await rig.identity.enrollment.enroll(fresh, FROM)).agentId, first.agentId);
});

test('a revoked, an expired and an unknown identity are not renewed', async () => {
  await using rig = await identityRig();
  const { renewal, revocation } = rig.identity;
  const { csr } = await agentKey();
  const first = await enrolled(rig);
  const unknown = { ...first, agentId: 'agt_unknown' };
  await assert.rejects(
    renewal.renew(unknown, { csr }),
    problem('IDENTITY_UNKNOWN', /Enroll the agent again/),
  );
  await assert.rejects(
    renewal.renew({ ...first, notAfter: rig.clock.now - 48 * HOUR }, { csr }),
    problem('IDENTITY_EXPIRED'),
  );
  await revocation.revoke(first.agentId, HOST);
  await assert.rejects(renewal.renew(first, { csr }), problem('IDENTITY_REVOKED'));
});

test('a revocation written by another process is respected', async () => {
  await using rig = await identityRig();
  const first = await enrolled(rig);
  await rig.store.agents.revoke(first.agentId, rig.clock.now, 'revoked');
  const { csr } = await agentKey();
  await assert.rejects(rig.identity.renewal.renew(first, { csr }), problem('IDENTITY_REVOKED'));
});

test('an agent cannot renew with the key of another agent, with an invalid request or without limit', async () => {
  await using rig = await identityRig();
  const { renewal, enrollment } = rig.identity;
  const first = await enrolled(rig);
  const other = await agentKey();
  await enrollment.enroll(requestOf(await rig.token(), other.csr, { name: 'orders-2' }), FROM);
  await assert.rejects(renewal.renew(first, { csr: other.csr }), problem('CSR_INVALID', /another agent/));
  await assert.rejects(renewal.renew(first, {}), problem('REQUEST_INVALID'));
  await assert.rejects(renewal.renew(first, { csr: 'x' }), problem('CSR_INVALID'));
  const { csr } = await agentKey();
  const rounds = Array.from({ length: 20 }, () => renewal.renew(first, { csr }));
  const outcomes = await Promise.allSettled(rounds);
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 4, 'the enrollment and three failed renewals count too');
});

test('an expired certificate is renewed within the grace, once it is known, and while nobody else uses the identity', async () => {
  await using rig = await identityRig();
  const { renewal } = rig.identity;
  const { csr } = await agentKey();
  const first = await enrolled(rig);
  rig.clock.now = first.notAfter + 47 * HOUR;
  await assert.rejects(
    renewal.renew({ ...first, serial: 'AB12' }, { csr }),
    problem('IDENTITY_EXPIRED', /does not know the expired certificate/),
  );
  rig.presence.set(first.agentId, { state: 'connected' });
  await assert.rejects(
    renewal.renew(first, { csr }),
    problem('IDENTITY_EXPIRED', /connected with another certificate/),
  );
  rig.presence.delete(first.agentId);
  const next = identityIn(await renewal.renew(first, { csr }));
  assert.equal(next.agentId, first.agentId);
  const [entry] = await rig.store.audit.list({ action: 'agent.renew-expired', limit: 10 });
  assert.equal(entry?.actor, `agent:${first.agentId}`);
  rig.clock.now = next.notAfter + 48 * HOUR;
  await assert.rejects(renewal.renew(next, { csr: (await agentKey()).csr }), problem('IDENTITY_EXPIRED'));
});
