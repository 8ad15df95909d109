import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { agentKey, FROM, HOST, HOUR, identityIn, identityRig, problem, requestOf } from './identity-rig.ts';

const DAY = 24 * HOUR;
const MONTH = 30 * DAY;

test('old certificates and keys are forgotten daily, but the last of an agent stays', async (t) => {
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

  rig.clock.now += MONTH;
  t.mock.timers.tick(DAY);
  await stop();
  assert.equal((await agentKeys.owner(firstKey))?.id, first.agentId, 'expired for less than a month');

  const { stop: stopAgain } = await rig.restart();
  rig.clock.now += 2 * DAY;
  t.mock.timers.tick(DAY);
  await stopAgain();
  assert.equal(await identities.bySerial(first.serial), undefined);
  assert.equal(await agentKeys.owner(firstKey), undefined);
  assert.equal((await identities.bySerial(second.serial))?.serial, second.serial);
  assert.equal((await agentKeys.owner(secondKey))?.id, first.agentId);
});

test('the last key of a revoked agent is never forgotten, and never comes back', async () => {
  await using rig = await identityRig();
  const key = await agentKey();
  const { agentId } = await rig.identity.enrollment.enroll(requestOf(await rig.token(), key.csr), FROM);
  await rig.identity.revocation.revoke(agentId, HOST);
  rig.clock.now += 12 * MONTH;
  const { enrollment } = await rig.restart();
  const again = enrollment.enroll(requestOf(await rig.token(), key.csr), FROM);
  await assert.rejects(again, problem('IDENTITY_REVOKED'));
});

test('a round that fails is told and the next one comes; after the stop none does', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  await using rig = await identityRig();
  const rounds = t.mock.method(rig.store.identities, 'prune', () => Promise.reject(new Error('disk full')));
  t.mock.timers.tick(2 * DAY);
  await rig.identity.stop();
  assert.equal(rounds.mock.callCount(), 2);
  assert.equal(rig.pruneFailures.length, 2);
  t.mock.timers.tick(DAY);
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
