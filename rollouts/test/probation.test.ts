import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE, Simulation } from './simulation.ts';

test('an agent that left a host with an updater at the end of its probation has six minutes to return', () => {
  const target = { kind: 'software', version: '1.1.0' } as const;
  const simulation = new Simulation(3, { target });
  for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
  simulation.pass(MINUTE);
  const [canary] = simulation.in('probation');
  assert.ok(canary !== undefined);
  simulation.doubts.set(canary.id, '9 of 30 opens failed.');
  simulation.pass(18 * MINUTE);
  Object.assign(simulation.fleet.get(canary.id) ?? {}, { isConnected: false, isReady: false });
  simulation.pass(5 * MINUTE);
  assert.equal(simulation.in('probation').length, 1, 'its updater may bring it back');
  simulation.pass(2 * MINUTE);
  assert.match(JSON.stringify(simulation.rollout.stage), /failed: It is disconnected\./);
});
