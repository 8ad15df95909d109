import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  cancel,
  isInFlight,
  maySwitch,
  type Opening,
  pause,
  type RolloutAgent,
  resume,
  type skipReasons,
} from '@penstock/rollouts';
import { HOUR, MINUTE, SECOND, Simulation } from './simulation.ts';

describe('a rollout', () => {
  test('reaches every agent by canaries and groups, and never more at once than permitted', () => {
    const simulation = new Simulation(30, { pools: ['dc1', 'dc2', 'dc3'] });
    let most = 0;
    simulation.pass(24 * HOUR, () => {
      simulation.deployOffered();
      const { stage } = simulation.rollout;
      if (stage.state !== 'group') return;
      for (const pool of ['dc1', 'dc2', 'dc3']) {
        most = Math.max(
          most,
          simulation.agents.filter((each) => each.pool === pool && isInFlight(each)).length,
        );
      }
    });
    assert.equal(simulation.state, 'done');
    assert.equal(simulation.in('updated').length, 30);
    assert.equal(most, 2, '20% of the 10 agents of a pool');
    assert.deepEqual(simulation.stages, [
      'canary active',
      'soaking',
      'group 1 active',
      'group 1 soaking',
      'group 2 active',
      'group 2 soaking',
      'group 3 active',
      'done',
    ]);
  });

  test('has a canary of each platform, and at most five of one', () => {
    const one = new Simulation(300);
    assert.equal(one.agents.filter(({ group }) => group === 0).length, 5);
    const six = new Simulation(12, { platforms: ['a', 'b', 'c', 'd', 'e', 'f'] });
    const canaries = six.agents.filter(({ group }) => group === 0);
    assert.deepEqual(canaries.map(({ id }) => six.fleet.get(id)?.platform).sort(), [
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
    ]);
  });

  test('goes back when a canary has a fault, and says why', () => {
    const simulation = new Simulation(30);
    simulation.pass(MINUTE);
    const [canary] = simulation.in('probation');
    assert.ok(canary !== undefined);
    simulation.faults.set(canary.id, 'Opens fail.');
    simulation.pass(5 * MINUTE);
    assert.deepEqual(simulation.rollout.stage, {
      state: 'rolled-back',
      reason: `Canary ${canary.name} failed: Opens fail.`,
    });
    assert.equal(simulation.in('updated').length, 0);
    assert.equal(simulation.in('rolled-back').length, 2);
    assert.equal(simulation.in('pending').length, 28);
    assert.deepEqual(simulation.stages.slice(-3), ['halted', 'rolling-back', 'rolled-back']);
  });

  test('halts when a canary does not run the target in time, or leaves for good', () => {
    const late = new Simulation(3);
    late.pass(HOUR + MINUTE, () => {});
    assert.match(JSON.stringify(late.rollout.stage), /did not run the target in time. It runs version 1/);
    const gone = new Simulation(3);
    gone.pass(MINUTE);
    const [canary] = gone.in('probation');
    const agent = gone.fleet.get(canary?.id ?? '');
    assert.ok(agent !== undefined);
    Object.assign(agent, { isConnected: false, isReady: false });
    gone.pass(HOUR, () => {});
    assert.match(JSON.stringify(gone.rollout.stage), /failed: It is disconnected\./);
  });

  test('fails a canary that stays in doubt with what its readings have found', () => {
    const simulation = new Simulation(3);
    simulation.pass(MINUTE);
    const [canary] = simulation.in('probation');
    simulation.doubts.set(canary?.id ?? '', '9 of 30 opens failed.');
    simulation.pass(15 * MINUTE);
    assert.equal(simulation.in('probation').length, 1, 'it has as long again');
    simulation.pass(15 * MINUTE);
    assert.match(JSON.stringify(simulation.rollout.stage), /failed: 9 of 30 opens failed\./);
  });

  for (const [failures, end] of [
    [5, 'done'],
    [6, 'rolled-back'],
  ] as const) {
    test(`of whose 57 agents in a group ${failures} fail is ${end}`, () => {
      const simulation = new Simulation(60, { more: { groups: [100] } });
      const group = simulation.agents.filter((each) => each.group === 1);
      assert.equal(group.length, 57);
      for (const { id } of group.slice(0, failures)) simulation.faults.set(id, 'It leaks.');
      simulation.pass(24 * HOUR);
      assert.equal(simulation.state, end, simulation.stages.join());
      assert.equal(simulation.stages.includes('halted'), end === 'rolled-back');
    });
  }

  test('does not start anything outside of its window, and stops the time of what has begun', () => {
    const simulation = new Simulation(10);
    const opensAt = simulation.now + 3 * HOUR;
    simulation.opening = { isOpen: false, opensAt, because: 'Window night is closed.' };
    simulation.pass(MINUTE);
    assert.deepEqual(simulation.rollout.stage, {
      state: 'canary',
      phase: 'waiting-window',
      opensAt,
      because: 'Window night is closed.',
    });
    simulation.opening = { isOpen: true, until: undefined };
    simulation.pass(10 * SECOND, () => {});
    assert.equal(simulation.in('offered').length, 1);
    simulation.opening = { isOpen: false, opensAt, because: 'Freeze year-end lasts through 2027-01-05.' };
    simulation.pass(5 * HOUR, () => {});
    const [stranded] = simulation.in('offered');
    assert.match(
      stranded?.reason ?? '',
      /Freeze year-end lasts through 2027-01-05. It continues at 2026-11-02T/,
    );
    assert.match(JSON.stringify(simulation.rollout.stage), /waiting-window.*Freeze year-end/);
    simulation.opening = { isOpen: true, until: undefined };
    simulation.pass(10 * SECOND, () => {});
    assert.deepEqual(simulation.rollout.stage, { state: 'canary', phase: 'active' });
    simulation.pass(24 * HOUR);
    assert.equal(simulation.state, 'done');
  });

  test('starts nothing in a pool below minReady, unless somebody has it go on', () => {
    const simulation = new Simulation(4);
    simulation.minReady = 5;
    simulation.pass(HOUR);
    assert.match(JSON.stringify(simulation.rollout.stage), /Pool dc1 has 4 ready agents, and minReady is 5/);
    simulation.rollout = { ...simulation.rollout, override: { by: 'admin-token:1', at: simulation.now } };
    simulation.pass(24 * HOUR);
    assert.equal(simulation.state, 'done');
  });

  test('that is paused starts nothing, and has the time that was left when it continues', () => {
    const simulation = new Simulation(10);
    simulation.pass(25 * MINUTE);
    assert.equal(simulation.state, 'soaking');
    simulation.rollout = pause(simulation.rollout, 'ada', 'lunch', simulation.now) ?? simulation.rollout;
    simulation.pass(5 * HOUR);
    assert.equal(simulation.state, 'paused');
    simulation.rollout = resume(simulation.rollout, simulation.now) ?? simulation.rollout;
    simulation.pass(10 * MINUTE);
    assert.equal(simulation.state, 'soaking');
    simulation.pass(24 * HOUR);
    assert.equal(simulation.state, 'done');
  });

  test('can be cancelled where it is, or go back', () => {
    const there = new Simulation(10);
    there.pass(15 * MINUTE);
    there.rollout = cancel(there.rollout, 'ada', false) ?? there.rollout;
    there.pass(HOUR);
    assert.equal(there.state, 'cancelled');
    assert.equal(there.in('updated').length, 1);
    const back = new Simulation(10);
    back.pass(15 * MINUTE);
    back.rollout = cancel(back.rollout, 'ada', true) ?? back.rollout;
    back.pass(HOUR);
    assert.equal(back.state, 'rolled-back');
    assert.equal(back.in('rolled-back').length, 1);
    assert.equal(cancel(back.rollout, 'ada', true), undefined);
  });

  test('skips agents that are away or gone, and takes those that run the target when they return', () => {
    const simulation = new Simulation(10);
    const [canary, second, third] = simulation.agents;
    assert.ok(canary !== undefined && second !== undefined && third !== undefined);
    const away = simulation.fleet.get(second.id);
    assert.ok(away !== undefined);
    Object.assign(away, { isConnected: false, isReady: false });
    simulation.fleet.delete(third.id);
    simulation.pass(24 * HOUR);
    const skipped = simulation.in('skipped').map(({ skipped: reason }) => reason);
    assert.deepEqual(skipped.toSorted(), ['gone', 'offline'] satisfies (keyof typeof skipReasons)[]);
    assert.equal(simulation.state, 'done');
  });

  test('halts if no canary runs the target', () => {
    const simulation = new Simulation(3);
    for (const agent of simulation.fleet.values()) agent.isConnected = false;
    simulation.pass(MINUTE);
    assert.equal(simulation.state, 'canary', 'they may reconnect');
    simulation.pass(2 * MINUTE);
    assert.match(JSON.stringify(simulation.rollout.stage), /No canary runs the target/);
  });
});

describe('of software', () => {
  const software = { kind: 'software', version: '1.1.0' } as const;

  test('an agent switches only when its pool can spare it', () => {
    const simulation = new Simulation(3, { target: software, more: { canary: 100 } });
    for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
    simulation.minReady = 2;
    simulation.step();
    for (const agent of simulation.fleet.values()) agent.progress = { state: 'staged' };
    simulation.step();
    const [one, two] = simulation.in('staged');
    assert.ok(one !== undefined && two !== undefined);
    const first = maySwitch(one, simulation.agents, simulation.rollout, simulation.world);
    assert.equal(first.kind, 'go');
    assert.ok(first.kind === 'go');
    const agents = simulation.agents.map((each) => (each.id === one.id ? first.agent : each));
    assert.deepEqual(maySwitch(two, agents, simulation.rollout, simulation.world), {
      kind: 'wait',
      because: 'Pool dc1 would have 1 ready agents, and minReady is 2.',
      isBrief: true,
    });
  });

  test('agents go back as far as their pool can spare them, and one that has failed at last in any case', () => {
    const simulation = new Simulation(10, { target: software, more: { canary: 50, inFlight: 20 } });
    for (const agent of simulation.fleet.values())
      Object.assign(agent, { upgrader: 'host', runsTarget: true, runs: '1.1.0' });
    simulation.pass(20 * MINUTE, () => {});
    const [bad] = simulation.in('updated');
    simulation.faults.set(bad?.id ?? '', 'Opens fail.');
    simulation.pass(MINUTE, () => {});
    const returning = simulation.in('rolling-back');
    assert.equal(returning.length, 5);
    const ask = (agent?: RolloutAgent) => {
      assert.ok(agent !== undefined);
      const decision = maySwitch(agent, simulation.agents, simulation.rollout, simulation.world);
      if (decision.kind === 'wait') return decision.because;
      simulation.leaving.add(agent.id);
      return 'go';
    };
    simulation.opening = { isOpen: false, opensAt: undefined, because: 'Window night is closed.' };
    simulation.minReady = 9;
    const failed = returning.find(({ id }) => id === bad?.id);
    const [one, two, three] = returning.filter(({ id }) => id !== bad?.id);
    assert.equal(ask(one), 'go');
    for (const each of [two, failed])
      assert.equal(ask(each), 'Pool dc1 would have 8 ready agents, and minReady is 9.');
    simulation.now += 5 * MINUTE;
    assert.equal(ask(failed), 'go');
    simulation.leaving.delete(failed?.id ?? '');
    simulation.minReady = 1;
    assert.equal(ask(two), 'go');
    assert.equal(ask(three), '2 agents of pool dc1 go back at the moment.');
    // It waits for as long as it has to.
    const waiting = simulation.fleet.get(three?.id ?? '');
    assert.ok(waiting !== undefined);
    waiting.progress = { state: 'waiting' };
    simulation.pass(2 * HOUR, () => {});
    assert.deepEqual(
      simulation.in('rolling-back').map(({ id }) => id),
      [three?.id],
    );
  });

  test('what a host reports fails its agent with that reason', () => {
    const simulation = new Simulation(3, { target: software });
    for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
    simulation.step();
    const [canary] = simulation.in('offered');
    const agent = simulation.fleet.get(canary?.id ?? '');
    assert.ok(agent !== undefined);
    agent.progress = { state: 'rolled-back', detail: 'EXITED: The new version exited.' };
    simulation.pass(MINUTE, () => {});
    assert.match(JSON.stringify(simulation.rollout.stage), /EXITED: The new version exited/);
  });

  test('an agent that may be about to switch is not back yet', () => {
    const simulation = new Simulation(40, { target: software, more: { canary: 10 } });
    for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
    simulation.step();
    const [bad, waiting] = simulation.in('offered');
    const [first, second] = [bad, waiting].map((each) => simulation.fleet.get(each?.id ?? ''));
    assert.ok(first !== undefined && second !== undefined && waiting !== undefined);
    first.progress = {
      state: 'failed',
      detail: 'SELF_CHECK_FAILED: The new executable does not run on this host.',
    };
    second.progress = { state: 'waiting' };
    simulation.pass(MINUTE, () => {});
    assert.deepEqual(
      simulation.in('rolling-back').map(({ id }) => id),
      [waiting.id],
    );
    second.progress = undefined;
    simulation.pass(MINUTE, () => {});
    assert.equal(simulation.state, 'rolled-back');
  });

  test('a container is waited for, and skipped when nobody deploys it', () => {
    const simulation = new Simulation(4, { target: software });
    const [canary] = simulation.agents;
    simulation.pass(MINUTE, () => {});
    assert.equal(
      simulation.in('offered')[0]?.reason,
      'Nothing on its host upgrades it. Run the image with the tag 1.1.0, or install that version.',
    );
    simulation.pass(24 * HOUR, () => {
      const agent = simulation.fleet.get(canary?.id ?? '');
      if (agent !== undefined) Object.assign(agent, { runsTarget: true });
    });
    assert.equal(simulation.state, 'done');
    assert.deepEqual(
      simulation.in('skipped').map(({ skipped }) => skipped),
      ['no-upgrader', 'no-upgrader', 'no-upgrader'],
    );
  });

  test('a window that closes, a freeze, or a pause while a version is staged has its host wait; what may switch does', () => {
    const simulation = new Simulation(4, { target: software, more: { canary: 100 } });
    for (const agent of simulation.fleet.values()) agent.upgrader = 'host';
    simulation.step();
    for (const agent of simulation.fleet.values()) agent.progress = { state: 'waiting' };
    simulation.step();
    const [first] = simulation.in('staged');
    assert.ok(first !== undefined);
    const ask = (agent = first) => maySwitch(agent, simulation.agents, simulation.rollout, simulation.world);
    const closed: Opening = {
      isOpen: false,
      opensAt: simulation.now + HOUR,
      because: 'Window night is closed.',
    };
    simulation.opening = closed;
    assert.deepEqual(ask(), { kind: 'wait', because: 'Window night is closed.' });
    simulation.late = true;
    assert.equal(ask().kind, 'go', 'late: finish');
    simulation.late = false;
    simulation.rollout = { ...simulation.rollout, override: { by: 'ada', at: simulation.now } };
    assert.equal(ask().kind, 'go', 'rollout proceed');
    const facts = simulation.fleet.get(first.id);
    assert.ok(facts !== undefined);
    facts.needsWindow = true;
    assert.equal(ask().kind, 'wait', 'its owner allows upgrades in a window only');
    facts.needsWindow = false;
    simulation.rollout = { ...simulation.rollout, override: undefined };
    // A permission ends with the window.
    simulation.opening = { isOpen: true, until: simulation.now + 30 * SECOND };
    const permitted = ask();
    assert.ok(permitted.kind === 'go' && permitted.until === simulation.now + 30 * SECOND);
    simulation.opening = { isOpen: true, until: undefined };
    // The pause comes between the permission and the restart.
    simulation.agents = simulation.agents.map((each) => (each.id === first.id ? permitted.agent : each));
    simulation.rollout = pause(simulation.rollout, 'ada', undefined, simulation.now) ?? simulation.rollout;
    const [second] = simulation.in('staged');
    assert.deepEqual(ask(second), { kind: 'wait', because: 'The rollout is paused.' });
    assert.deepEqual(ask(permitted.agent), { kind: 'wait', because: 'The rollout is paused.' }, 'it is late');
    const resumed = simulation.rollout;
    const inTime = simulation.agents;
    simulation.pass(HOUR, () => {});
    const late = simulation.agents.find(({ id }) => id === first.id);
    assert.deepEqual(
      [simulation.state, late?.state, late?.reason],
      ['paused', 'staged', 'The rollout is paused.'],
      'a host that did not begin in time waits as the others do, and has not failed',
    );
    simulation.rollout = resumed;
    simulation.agents = inTime;
    simulation.now -= HOUR;
    Object.assign(facts, { runsTarget: true, progress: { state: 'probation' } });
    simulation.pass(MINUTE, () => {});
    assert.deepEqual(
      simulation.in('probation').map(({ id }) => id),
      [first.id],
      'it has switched in time, and is observed although the rollout is paused',
    );
    simulation.faults.set(first.id, 'Opens fail.');
    simulation.pass(MINUTE, () => {});
    assert.equal(simulation.rollout.stage.state, 'rolling-back', 'a fault counts in a pause as well');
  });

  test('an owner who denies upgrades has the last word', () => {
    const simulation = new Simulation(2, { target: software });
    for (const agent of simulation.fleet.values()) Object.assign(agent, { upgrader: 'host', isDenied: true });
    simulation.pass(MINUTE, () => {});
    assert.equal(simulation.in('skipped')[0]?.skipped, 'denied-locally');
  });
});
