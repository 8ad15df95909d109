import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SLICE_ITEMS } from '@penstock/runtime';
import { type FleetScene, fleetScene, HOUR, SECOND } from './fleet-scene.ts';

const COUNT = 1_000;
const names = Array.from({ length: COUNT }, (_, index) => `a${String(index).padStart(4, '0')}`);
const LAST = names.at(-1) ?? '';

async function connectedFleet(): Promise<FleetScene> {
  const scene = await fleetScene(names);
  for (const agent of names) scene.open({ agent });
  return scene;
}

const pinAll = ({ pins }: FleetScene, mode: 'enforce' | 'warn') => {
  for (const id of names) pins.set(id, { version: 13, digest: 'sha256:thirteen', mode, scope: 'pool' });
};

/** Fails unless the work was spread over several slices, none larger than allowed. */
function assertSliced(slices: readonly number[]): void {
  assert.ok(slices.length >= COUNT / MAX_SLICE_ITEMS - 1, `${slices.length} slices`);
  assert.ok(Math.max(...slices) <= MAX_SLICE_ITEMS, slices.join(', '));
}

test('a pin for all agents suspends them immediately, and judges and notifies them in slices', async () => {
  const scene = await connectedFleet();
  const { fleet, clock, announced, changes, slices } = scene;
  const before = { changes: changes.length, announced: announced.length };
  pinAll(scene, 'enforce');
  scene.countSlices();
  const judged = fleet.judgeAll();
  assert.equal(fleet.agent(names[0] ?? '')?.state, 'quarantined');
  assert.ok(
    announced.length - before.announced <= MAX_SLICE_ITEMS,
    'the last agents have not been judged yet',
  );
  assert.ok(names.every((id) => fleet.isSuspended(id)));
  await clock.pass(0);
  await judged;
  assertSliced(slices);
  assert.equal(announced.length - before.announced, COUNT, 'each agent is sent its verdict once');
  assert.equal(changes.length - before.changes, COUNT, 'each change is reported once');
  assert.equal(fleet.countsOf('dc1').agents.quarantined, COUNT);
});

test('a pin that is set while agents are judged by another one is in force for all when its promise resolves', async () => {
  const scene = await connectedFleet();
  const { fleet, clock, pins } = scene;
  pinAll(scene, 'enforce');
  void fleet.judgeAll();
  assert.equal(fleet.agent(LAST)?.state, 'quarantined', 'an agent that is read is judged first');
  pins.clear();
  const lifted = fleet.judgeAll();
  assert.ok(names.every((id) => !fleet.isSuspended(id)));
  await clock.pass(0);
  await lifted;
  assert.equal(fleet.countsOf('dc1').agents.connected, COUNT);
});

test('when time passes, only agents that it can have changed are judged', async () => {
  const scene = await connectedFleet();
  const { fleet, clock, beat, open } = scene;
  await clock.pass(50 * SECOND);
  const beating = open({ agent: 'a0000', index: 1 });
  beat(beating);
  await clock.pass(5 * SECOND);
  let judged = scene.judged;
  fleet.judgeDue();
  await clock.pass(0);
  assert.equal(scene.judged, judged, 'nothing can have changed yet');
  await clock.pass(6 * SECOND);
  judged = scene.judged;
  scene.countSlices();
  fleet.judgeDue();
  await clock.pass(0);
  assert.equal(scene.judged - judged, COUNT - 1);
  assert.equal(fleet.countsOf('dc1').agents.stale, COUNT - 1);
  assertSliced(scene.slices);
});

test('after the date has jumped, every agent is judged by it', async () => {
  const scene = await connectedFleet();
  const { fleet, clock } = scene;
  clock.sleep(25 * HOUR);
  fleet.judgeDue();
  await clock.pass(0);
  assert.equal(fleet.countsOf('dc1').agents['identity-expired'], COUNT);
  clock.sleep(-25 * HOUR);
  fleet.judgeDue();
  await clock.pass(0);
  assert.equal(fleet.countsOf('dc1').agents['identity-expired'], 0);
});

test('a page of agents reads those agents and no others', async () => {
  const { fleet } = await connectedFleet();
  const page = fleet
    .agentsAfter('a0499')
    .take(10)
    .map(({ name }) => name);
  assert.deepEqual([...page], names.slice(500, 510));
  const sessions = fleet.sessionsAfter('a0998', {}).map(({ agent }) => agent);
  assert.deepEqual([...sessions], [LAST]);
});

test('after stop, nothing is judged any more', async () => {
  const scene = await connectedFleet();
  const { fleet, clock } = scene;
  pinAll(scene, 'warn');
  const judging = fleet.judgeAll();
  await fleet.stop();
  await judging;
  const { judged } = scene;
  await fleet.judgeAll();
  await clock.pass(2 * SECOND);
  assert.equal(scene.judged, judged);
  assert.deepEqual(clock.waiting, []);
});
