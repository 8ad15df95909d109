import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGatewayConfig } from '@penstock/config-schema';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { openFleet } from '../../src/fleet/open-fleet.ts';
import { Registry } from '../../src/tunnel/registry.ts';
import { GATEWAY_FILE } from '../api/api-rig.ts';
import { openTestStore } from '../store/open-test-store.ts';

test('a revocation that is in the store alone is in force after the next reading', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const clock = fakeClock();
  const at = clock.wall();
  for (const id of ['agt_1', 'agt_2']) {
    const fresh = { revokedAt: null, revokedReason: null, drainedAt: null };
    await store.agents.insert({ id, name: id.replace('_', '-'), pool: 'dc1', createdAt: at, ...fresh });
    const identity = {
      serial: id,
      agentId: id,
      key: id,
      issuedAt: at,
      notAfter: at + 3_600_000,
      revokedAt: null,
    };
    await store.identities.insert(identity);
  }
  const parsed = parseGatewayConfig(GATEWAY_FILE, { environment: {}, readFile: () => '' });
  assert.ok(parsed.ok);
  const revoked: string[] = [];
  const fleet = await openFleet({
    store,
    registry: new Registry({ sessionsPerAgent: 8 }, clock.now),
    config: () => parsed.config,
    clock,
    epoch: 'epoch',
    certificate: () => '',
    waiting: () => 0,
    onRevoked: (agentId) => revoked.push(agentId),
    log: () => {},
  });
  // As after a commit that took too long: who asked was told that it failed.
  await store.agents.revoke('agt_1', at, 'revoked');
  await clock.pass(61_000);
  await eventually('the store to be read', () => revoked.length > 0);
  assert.deepEqual(revoked, ['agt_1']);
  await fleet.stop();
});
