import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startSoftwareFleet } from './software-fleet.ts';

const upgrade = {
  soak: '300ms',
  groupSoak: '0s',
  probation: '3s',
  deadline: '20s',
  judgeInterval: '300ms',
  inFlightPercent: 50,
};

test('software: a good version reaches all; one that crashes and one that cannot dial go back, with the reason', async () => {
  await using _leaks = expectNoLeaks();
  await using fleet = await startSoftwareFleet(['dc1', 'dc2'], 3, upgrade, 2);
  const { pair, hosts, seen } = fleet;
  for (const [behavior, version, reason] of [
    ['crashes', '1.1.0', /^Canary dc\d-\d failed: EXITED: The new version exited\. It was 1\.1\.0\.$/],
    [
      'cannot-dial',
      '1.2.0',
      /^Canary dc\d-\d failed: \d+ of \d+ opens failed; through the others, 0 of \d+\.$/,
    ],
  ] as const) {
    fleet.behave(behavior);
    const back = await fleet.rollOut(version);
    assert.equal(back.state, 'rolled-back', JSON.stringify(back));
    assert.match(back.reason ?? '', reason);
    assert.deepEqual(new Set(hosts.map((host) => host.version)), new Set(['1.0.0']));
    await pair.event('rollout-halted', { past: true, where: ({ version: which }) => which === version });
  }
  fleet.behave('good');
  const done = await fleet.rollOut('1.3.0');
  assert.equal(done.state, 'done', JSON.stringify(done));
  assert.deepEqual(new Set(hosts.map((host) => host.version)), new Set(['1.3.0']));
  assert.equal(seen.failed, 0, `${seen.served} clients were served`);
  assert.ok(seen.leastReady >= 2, `${seen.leastReady} agents were ready`);
});
