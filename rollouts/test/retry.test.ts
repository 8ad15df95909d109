import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { retry } from '@penstock/rollouts';
import { HOUR, MINUTE, type SimulatedAgent, Simulation } from './simulation.ts';

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

  test('that halts ends what its hosts have begun, so that a retry takes every agent that has failed', () => {
    const target = { kind: 'software', version: '1.1.0' } as const;
    const simulation = new Simulation(6, { target, more: { canary: 50 } });
    for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
    simulation.rollout = { ...simulation.rollout, onFailure: 'halt' };
    simulation.step();
    const [first, second, third] = simulation.in('offered').map(({ id }) => id);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const report = (id: string, progress: SimulatedAgent['progress']) =>
      Object.assign(simulation.fleet.get(id) ?? {}, { progress });
    simulation.agents = simulation.agents.map((agent) =>
      agent.id === first || agent.id === second ? { ...agent, state: 'switching' } : agent,
    );
    report(third, { state: 'staged' });
    report(first, { state: 'rolled-back', detail: 'EXITED: It exited.' });
    simulation.step();
    assert.equal(simulation.state, 'halted');
    report(second, { state: 'rolled-back', detail: 'EXITED: It exited.' });
    simulation.pass(2 * HOUR, () => {});
    assert.deepEqual(
      simulation.in('failed').map(({ id }) => id),
      [first, second],
    );
    const [waiting] = simulation.in('staged');
    assert.equal(waiting?.reason, 'The rollout is halted.', 'and its deadline has not passed');
    const again = retry(simulation.rollout, simulation.agents, simulation.now);
    assert.deepEqual(
      again?.agents.filter(({ state }) => state === 'pending' || state === 'staged').length,
      simulation.agents.length,
    );
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
