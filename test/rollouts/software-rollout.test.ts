import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipWithout } from '../rig/optional.ts';
import { startAgentFleet } from './agent-fleet.ts';
import { ended } from './config-fleet.ts';
import { untold } from './told.ts';

const SECOND = 1_000;

test('real agents: a version that cannot dial goes back with the reason, and one that is retried reaches all', {
  skip: skipWithout('pgbench'),
  timeout: 600_000,
}, async () => {
  await using _leaks = expectNoLeaks();
  await using fleet = await startAgentFleet({
    pools: ['dc1'],
    size: 2,
    minReady: 1,
    rate: 8,
    watchdog: 30 * SECOND,
    upgrade: {
      soak: '5s',
      groupSoak: '0s',
      probation: '3s',
      deadline: '5m',
      judgeInterval: '500ms',
      inFlightPercent: 50,
    },
    limits: {
      probation: SECOND,
      maxProbation: 60 * SECOND,
      readyTimeout: 60 * SECOND,
      healthTimeout: 60 * SECOND,
      grace: 30 * SECOND,
      settle: 100,
      interval: 100,
      attempts: 3,
    },
  });
  fleet.publish('1.1.0', 'cannot-dial');
  const bad = await fleet.rollOut('1.1.0');
  const back = await fleet.end(bad.id);
  assert.equal(back.state, 'rolled-back', JSON.stringify(back));
  assert.match(
    back.reason ?? '',
    /^Canary dc1-\d failed: \d+ of \d+ opens failed; through the others, 0 of \d+\.$/,
  );
  assert.deepEqual(await fleet.versions(), ['1.0.0']);
  assert.deepEqual(await untold(fleet, back), []);

  fleet.publish('1.1.1', 'loses-identity');
  const lost = await fleet.rollOut('1.1.1');
  const found = await fleet.end(lost.id);
  assert.equal(found.state, 'rolled-back', JSON.stringify(found));
  assert.match(found.reason ?? '', /^Canary dc1-\d failed: (EXITED|HUNG|NO_HEARTBEAT): /);
  await fleet.allReady();
  const { items: enrolled } = await fleet.gateway.api('GET /audit?action=agent.enroll');
  assert.equal((enrolled as readonly unknown[]).length, 2, 'the previous version has not enrolled again');

  fleet.publish('1.2.0', 'needs-repair');
  const good = await fleet.rollOut('1.2.0', { onFailure: 'halt' });
  const halted = await fleet.until(good.id, ({ state }) => state === 'halted' || state === 'done');
  assert.match(halted.reason ?? '', /^Canary dc1-\d failed: EXITED: /);
  assert.deepEqual(await untold(fleet, halted), []);
  fleet.repair();
  await fleet.gateway.api(`POST /rollouts/${good.id}/retry`);
  const done = await fleet.until(good.id, (shown) => shown.state === 'halted' || ended(shown));
  assert.equal(done.state, 'done', JSON.stringify(done));
  assert.deepEqual(await fleet.versions(), ['1.2.0']);
  const { transactions, errors } = fleet.clients;
  assert.deepEqual(errors, []);
  assert.ok(transactions > 0);
  assert.deepEqual(fleet.gateway.refusedClients, []);
  assert.ok(fleet.leastReady >= 1, `${fleet.leastReady} agents were ready`);
});
