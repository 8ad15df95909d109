import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { agentKey, FROM, HOST, HOUR, identityIn, identityRig, problem, requestOf } from './identity-rig.ts';

const DAY_MS = 24 * HOUR;
const MONTH_MS = 30 * DAY_MS;

test('old certificates and keys are deleted daily, except the last one of an agent', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  await using rig = await identityRig();
  const { enrollment, renewal, stop } = rig.identity;
  const { agentKeys, identities } = rig.store;
  const key = await agentKey();
  const first = identityIn(await enrollment.enroll(requestOf(await rig.token(), key.csr), FROM));
  const firstKey = (await identities.bySerial(first.serial))?.key ?? '';
  rig.clock.now += HOUR;
  const second = identityIn(await renewal.renew(first, { csr: (await agentKey()).csr }));
  const secondKey = (await identities.bySerial(second.serial))?.key ?? '';
  assert.equal((await agentKeys.owner(firstKey))?.id, first.agentId);

  rig.clock.now += MONTH_MS;
  t.mock.timers.tick(DAY_MS);
  await stop();
  assert.equal((await agentKeys.owner(firstKey))?.id, first.agentId, 'expired for less than a month');

  const { stop: stopAgain } = await rig.restart();
  rig.clock.now += 2 * DAY_MS;
  t.mock.timers.tick(DAY_MS);
  await stopAgain();
  assert.equal(await identities.bySerial(first.serial), undefined);
  assert.equal(await agentKeys.owner(firstKey), undefined);
  assert.equal((await identities.bySerial(second.serial))?.serial, second.serial);
  assert.equal((await agentKeys.owner(secondKey))?.id, first.agentId);
});

test('the last key of a revoked agent is never deleted and never accepted again', async () => {
  await using rig = await identityRig();
  const key = await agentKey();
  const { agentId } = await rig.identity.enrollment.enroll(requestOf(await rig.token(), key.csr), FROM);
  await rig.identity.revocation.revoke(agentId, HOST);
  rig.clock.now += 12 * MONTH_MS;
  const { enrollment } = await rig.restart();
  const again = enrollment.enroll(requestOf(await rig.token(), key.csr), FROM);
  await assert.rejects(again, problem('IDENTITY_REVOKED'));
});

test('a failed round is reported and the next one runs; after stop none does', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  await using rig = await identityRig();
  const rounds = t.mock.method(rig.store.identities, 'prune', () => Promise.reject(new Error('disk full')));
  t.mock.timers.tick(2 * DAY_MS);
  await rig.identity.stop();
  assert.equal(rounds.mock.callCount(), 2);
  assert.equal(rig.pruneFailures.length, 2);
  t.mock.timers.tick(DAY_MS);
  assert.equal(rounds.mock.callCount(), 2);
});

test('pruning does not keep a process alive', async () => {
  const module = new URL('../../src/identity/pruning.ts', import.meta.url).href;
  const program = `
    const { startPruning } = await import('${module}');
    const repository = { prune: async () => 0 };
    await startPruning({
      store: { identities: repository, agentKeys: repository }, clock: Date.now, onFailed() {},
    });`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 });
});
