import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutAgent } from '@penstock/rollouts';
import { HOUR, Simulation } from './simulation.ts';

test('a group with an agent that has switched does not wait for a window, although its other agents do', () => {
  const phaseWith = (state: RolloutAgent['state']) => {
    const simulation = new Simulation(40, { more: { canary: 10 } });
    const [canary] = simulation.agents.filter(({ group }) => group === 0);
    assert.ok(canary !== undefined);
    const deadline = simulation.now + HOUR;
    simulation.agents = simulation.agents.map((agent) =>
      agent.id === canary.id ? { ...agent, state, deadline } : agent,
    );
    Object.assign(simulation.fleet.get(canary.id) ?? {}, { runsTarget: true });
    simulation.opening = { isOpen: false, opensAt: deadline, because: 'The window is closed.' };
    simulation.step();
    return simulation.stages;
  };
  assert.deepEqual(phaseWith('probation'), ['canary active']);
  assert.deepEqual(phaseWith('pending'), ['canary waiting-window']);
});
