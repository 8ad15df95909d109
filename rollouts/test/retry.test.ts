import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { retry } from '@penstock/rollouts';
import { HOUR, MINUTE, Simulation } from './simulation.ts';

describe('a rollout', () => {
  test('that halts and is retried tries failed agents again', () => {
    const simulation = new Simulation(10);
    simulation.rollout = { ...simulation.rollout, onFailure: 'halt' };
    simulation.pass(2 * HOUR, () => {});
    assert.equal(simulation.state, 'halted');
    const again = retry(simulation.rollout, simulation.agents, simulation.now);
    assert.ok(again !== undefined);
    simulation.rollout = again.rollout;
    simulation.agents = again.agents;
    simulation.pass(24 * HOUR);
    assert.equal(simulation.state, 'done');
  });

  test('that halts because the host of its canary prevented the change tries it again', () => {
    const simulation = new Simulation(3, { target: { kind: 'software', version: '1.1.0' } });
    for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
    simulation.step();
    const [canary] = simulation.in('offered');
    const agent = simulation.fleet.get(canary?.id ?? '');
    assert.ok(canary !== undefined && agent !== undefined);
    agent.progress = { state: 'declined', skipped: 'host', detail: 'DISK_FULL: No space.' };
    simulation.rollout = { ...simulation.rollout, onFailure: 'halt' };
    simulation.pass(MINUTE, () => {});
    assert.equal(simulation.state, 'halted');
    const again = retry(simulation.rollout, simulation.agents, simulation.now);
    assert.equal(again?.rollout.stage.state, 'canary');
    assert.equal(again?.agents.find(({ id }) => id === canary.id)?.state, 'pending');
  });
});
