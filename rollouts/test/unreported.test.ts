import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { maySwitch } from '@penstock/rollouts';
import { MINUTE, Simulation } from './simulation.ts';

const target = { kind: 'software', version: '1.1.0' } as const;

/** A rollout whose only canary has an updater, and was offered the target. */
function scene() {
  const simulation = new Simulation(3, { target });
  for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
  simulation.step();
  const [canary] = simulation.in('offered');
  const agent = simulation.fleet.get(canary?.id ?? '');
  assert.ok(agent !== undefined);
  const wait = () => simulation.pass(MINUTE, () => {});
  return { simulation, agent, wait };
}

/** As a gateway knows an agent that has said hello after a restart of the gateway, and nothing more. */
const unreported = { hasReported: false, upgrader: 'none', progress: undefined } as const;

describe('an agent that has connected and has not reported yet', () => {
  test('has gone back with the reason that it reports then', () => {
    const { simulation, agent, wait } = scene();
    Object.assign(agent, { runsTarget: true });
    wait();
    assert.equal(simulation.in('probation').length, 1);
    Object.assign(agent, { ...unreported, runsTarget: false });
    wait();
    assert.equal(simulation.in('probation').length, 1);
    const progress = { state: 'rolled-back', detail: 'EXITED: The new version exited.' };
    Object.assign(agent, { hasReported: true, upgrader: 'host', progress });
    wait();
    assert.match(JSON.stringify(simulation.rollout.stage), /EXITED/);
  });

  test('is not skipped for the lack of an updater that it may have', () => {
    const { simulation, agent } = scene();
    Object.assign(agent, unreported);
    simulation.pass(2 * simulation.rollout.settings.deadline, () => {});
    assert.deepEqual([simulation.in('offered').length, simulation.in('skipped').length], [1, 0]);
    assert.equal(simulation.in('offered')[0]?.reason, undefined);
  });

  test('may be about to switch, and is not back yet', () => {
    const { simulation, agent, wait } = scene();
    agent.progress = { state: 'waiting' };
    simulation.step();
    const [canary] = simulation.in('staged');
    assert.ok(canary !== undefined);
    Object.assign(agent, unreported);
    simulation.rollout = { ...simulation.rollout, stage: { state: 'rolling-back', reason: 'Cancelled.' } };
    wait();
    assert.equal(simulation.state, 'rolling-back');
    Object.assign(agent, { hasReported: true, upgrader: 'host' });
    wait();
    assert.equal(simulation.state, 'rolled-back');
  });

  test('waits with a switch, because its owner may permit it in windows only', () => {
    const { simulation, agent } = scene();
    simulation.opening = { isOpen: false, opensAt: undefined, because: 'Window night is closed.' };
    simulation.rollout = { ...simulation.rollout, override: { by: 'admin', at: simulation.now } };
    const ask = () => {
      const [canary] = simulation.in('offered');
      assert.ok(canary !== undefined);
      return maySwitch(canary, simulation.agents, simulation.rollout, simulation.world);
    };
    agent.hasReported = false;
    const early = ask();
    assert.deepEqual([early.kind, early.kind === 'wait' && early.isBrief], ['wait', true]);
    agent.hasReported = true;
    assert.equal(ask().kind, 'go');
    agent.needsWindow = true;
    assert.equal(ask().kind, 'wait');
  });
});
