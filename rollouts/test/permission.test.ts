import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { maySwitch, pause, type RolloutAgent, type SwitchDecision } from '@penstock/rollouts';
import { HOUR, MINUTE, SECOND, type SimulatedAgent, Simulation } from './simulation.ts';

/** Four canaries that wait, of which the first was just permitted to switch. */
function scene() {
  const target = { kind: 'software', version: '1.1.0' } as const;
  const simulation = new Simulation(4, { target, more: { canary: 100 } });
  for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
  simulation.step();
  for (const agent of simulation.fleet.values()) agent.progress = { state: 'waiting' };
  simulation.step();
  const [{ id } = { id: '' }] = simulation.in('staged');
  const facts = simulation.fleet.get(id) as SimulatedAgent;
  const agent = () => simulation.agents.find((each) => each.id === id) as RolloutAgent;
  /** What it is told when it asks, with the effect on the rollout. */
  const ask = (): SwitchDecision => {
    const decision = maySwitch(agent(), simulation.agents, simulation.rollout, simulation.world);
    if (decision.kind === 'go')
      simulation.agents = simulation.agents.map((each) => (each.id === id ? decision.agent : each));
    return decision;
  };
  assert.equal(ask().kind, 'go');
  return { simulation, facts, agent, ask };
}

const nothing = () => {};

describe('an agent that was permitted to switch', () => {
  test('and does not begin waits again, does not count as leaving, and has not failed', () => {
    const { simulation, agent, ask } = scene();
    simulation.minReady = 4;
    simulation.pass(MINUTE, nothing);
    assert.equal(agent().state, 'switching', 'it may still begin');
    simulation.pass(2 * MINUTE, nothing);
    assert.equal(agent().state, 'staged');
    const wait = { because: 'Pool dc1 would have 3 ready agents, and minReady is 4.', isBrief: true };
    assert.deepEqual(ask(), { kind: 'wait', ...wait });
    simulation.pass(20 * MINUTE, nothing);
    assert.deepEqual([simulation.state, agent().state], ['canary', 'staged']);
    simulation.minReady = 3;
    assert.equal(ask().kind, 'go');
    assert.equal(agent().since, simulation.now, 'another permission');
  });

  test('and never begins has failed at the deadline of its offer', () => {
    const { simulation, agent, ask } = scene();
    simulation.rollout = { ...simulation.rollout, onFailure: 'halt' };
    simulation.pass(50 * MINUTE, () => void ask());
    assert.equal(agent().state, 'switching');
    simulation.pass(15 * MINUTE, () => void ask());
    const { state, reason } = agent();
    assert.deepEqual([state, reason], ['failed', 'It did not run the target in time. It runs version 1.']);
  });

  test('and asks twice has one permission', () => {
    const { simulation, ask } = scene();
    const until = simulation.now + 2 * MINUTE;
    simulation.now += 110 * SECOND;
    const again = ask();
    assert.ok(again.kind === 'go');
    assert.equal(again.until, until);
  });

  test('and is away may be in the middle of the switch, whatever it reported last', () => {
    const { simulation, facts, agent } = scene();
    Object.assign(facts, { isConnected: false, isReady: false });
    simulation.rollout = pause(simulation.rollout, 'ada', undefined, simulation.now) ?? simulation.rollout;
    simulation.pass(14 * MINUTE, nothing);
    assert.equal(agent().state, 'switching');
    simulation.pass(2 * MINUTE, nothing);
    assert.match(JSON.stringify(simulation.rollout.stage), /It has not connected since it switched\./);
  });

  test('before a pause has the whole deadline again when it waits after it', () => {
    const { simulation, agent } = scene();
    const running = simulation.rollout;
    simulation.rollout = pause(running, 'ada', undefined, simulation.now) ?? running;
    simulation.pass(2 * HOUR, nothing);
    assert.deepEqual([agent().state, agent().reason], ['staged', 'The rollout is paused.']);
    simulation.rollout = running;
    simulation.pass(50 * MINUTE, nothing);
    assert.equal(agent().state, 'staged');
  });
});
