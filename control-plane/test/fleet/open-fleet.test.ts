import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGatewayConfig } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { ObservedSession } from '../../src/data-plane-port.ts';
import { openFleet } from '../../src/fleet/open-fleet.ts';
import { GATEWAY_FILE } from '../api/api-rig.ts';
import { FakeSessions } from './fake-sessions.ts';

const HOUR = 3_600_000;

async function enroll({ agents, identities }: Store, ids: readonly string[], at: number): Promise<void> {
  for (const id of ids) {
    const fresh = { revokedAt: null, revokedReason: null, drainedAt: null };
    await agents.insert({ id, name: id.replace('_', '-'), pool: 'dc1', createdAt: at, ...fresh });
    const notAfter = at + HOUR;
    await identities.insert({ serial: id, agentId: id, key: id, issuedAt: at, notAfter, revokedAt: null });
  }
}

function open(store: Store, clock: FakeClock, sessions: FakeSessions, onRevoked: (agentId: string) => void) {
  const parsed = parseGatewayConfig(GATEWAY_FILE, { environment: {}, readFile: () => '' });
  assert.ok(parsed.ok);
  const { config } = parsed;
  return openFleet({
    store,
    sessions,
    config: () => config,
    clock,
    certificate: () => '',
    waiting: () => 0,
    onRevoked,
    log: () => {},
  });
}

function sessionOf(agentId: string, at: number): ObservedSession {
  return {
    state: 'ready',
    address: '192.0.2.1',
    openedAt: at,
    identity: { agentId, name: agentId.replace('_', '-'), pool: 'dc1', notAfter: at + HOUR },
    roundTrip: undefined,
    streams: { open: 0, opening: 0 },
    hello: {
      type: 'hello',
      protocol: 1,
      agent: { name: agentId, version: '0.1.0' },
      bootId: 'boot-1',
      platform: { os: 'linux', arch: 'x64', node: '26.10.0' },
      config: { version: 12, digest: 'sha256:twelve' },
      connectors: [],
      session: { index: 0, wanted: 1 },
    },
  };
}

test('a revocation that only the store knows of is in force after the next refresh', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const clock = fakeClock();
  await enroll(store, ['agt_1', 'agt_2'], clock.wall());
  const revoked: string[] = [];
  const sessions = new FakeSessions();
  const fleet = await open(store, clock, sessions, (agentId) => revoked.push(agentId));
  // As after a commit that took too long: the request was answered with an error.
  await store.agents.revoke('agt_1', clock.wall(), 'revoked');
  await clock.pass(61_000);
  await eventually('the store to be read', () => revoked.length > 0);
  assert.deepEqual(revoked, ['agt_1']);
  await fleet.stop();
});

test('a pin that only the store knows of is in force after the next refresh, and the agent is notified', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const clock = fakeClock();
  await enroll(store, ['agt_1'], clock.wall());
  const sessions = new FakeSessions();
  const fleet = await open(store, clock, sessions, () => {});
  sessions.open(sessionOf('agt_1', clock.wall()));
  const pin = { scope: 'pool', subject: 'dc1', version: 13, digest: 'sha256:thirteen' } as const;
  await store.pins.put({ ...pin, pinnedAt: clock.wall(), pinnedBy: 'host' });
  await clock.pass(61_000);
  await eventually('the pin to be read', () => fleet.pins.all.length === 1);
  await clock.pass(1_000);
  const announced = sessions.announced.at(-1);
  assert.equal(announced?.agentId, 'agt_1');
  assert.deepEqual(
    [announced?.verdict.pin?.version, announced?.verdict.pin?.digest],
    [13, 'sha256:thirteen'],
  );

  await store.pins.remove(pin);
  await clock.pass(61_000);
  await eventually('the pin to be gone', () => fleet.pins.all.length === 0);
  await clock.pass(1_000);
  assert.equal(sessions.announced.at(-1)?.agentId, 'agt_1');
  assert.equal(sessions.announced.at(-1)?.verdict.pin, undefined);
  await fleet.stop();
});
