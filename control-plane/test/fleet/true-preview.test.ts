import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addToImpact, noImpact } from '../../src/fleet/preview-pin.ts';
import { fleetScene } from './fleet-scene.ts';

const names = Array.from({ length: 60 }, (_, index) => `h${String(index).padStart(2, '0')}`);

for (const mode of ['enforce', 'warn'] as const) {
  test(`what the preview of a pin says comes true with pinning ${mode}`, async () => {
    const scene = await fleetScene(names);
    const { fleet, clock, pins } = scene;
    for (const [index, agent] of names.entries()) {
      if (index % 6 === 0) continue;
      const session = scene.open({
        agent,
        version: index % 2 === 0 ? 12 : 13,
        digest: `sha256:${index % 2}`,
      });
      if (index % 5 === 0) scene.change(session, 'ended');
    }
    const proposed = { version: 13, digest: 'sha256:1' };
    const impact = noImpact();
    const before = names.map((name) => fleet.agent(name) ?? assert.fail(name));
    for (const agent of before) {
      addToImpact(
        impact,
        { target: { scope: 'pool', name: 'dc1' }, pin: proposed, poolPin: undefined, pinning: mode },
        agent,
      );
    }
    for (const id of names) pins.set(id, { ...proposed, mode, scope: 'pool' });
    const judged = fleet.judgeAll();
    await clock.pass(0);
    await judged;
    const after = names.map((name) => fleet.agent(name) ?? assert.fail(name));
    const are = (test: (agent: (typeof after)[number]) => boolean) =>
      after.filter(test).map(({ name }) => name);
    assert.deepEqual(
      impact.quarantined,
      are(({ state }) => state === 'quarantined'),
    );
    assert.deepEqual(
      impact.away,
      are(({ connectedSince }) => connectedSince === undefined),
    );
    const drifting = ({ state, reasons }: (typeof after)[number]) =>
      state === 'degraded' && reasons.some(({ code }) => code === 'CONFIG_DRIFT');
    assert.deepEqual(impact.drifting, are(drifting));
    assert.equal(impact.matching + impact.differing + impact.unknown, names.length);
    assert.ok(impact.awayTotal > 0 && impact.quarantinedTotal + impact.driftingTotal > 0);
  });
}
