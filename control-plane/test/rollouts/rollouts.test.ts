import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import type { Rollouts } from '../../src/rollouts/rollouts.ts';
import { admin, rolloutScene } from './rollout-scene.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** Two gateways, of which the first leads. Without agents in its pool, each rollout halts at once. */
async function scene(...names: readonly string[]) {
  const at = await rolloutScene(...names);
  const { rollouts: leader } = await at.open({ epoch: 1 });
  const { rollouts: other } = await at.open();
  return {
    ...at,
    leader,
    other,
    /** Waits until each of these has as many alarms. */
    async expect(count: number, ...replicas: readonly Rollouts[]) {
      await eventually(`${count} alarms`, async () => {
        await at.clock.pass(SECOND);
        return replicas.every(({ alarms }) => alarms.length === count);
      });
    },
  };
}

const target = { kind: 'software', pools: ['dc1'], version: '1.1.0' } as const;

test('a halted rollout is an alarm on every replica, until it is cancelled on any of them', async () => {
  await using at = await scene();
  const created = await at.leader.create({ target, settings: {}, onFailure: 'halt' }, admin);
  assert.ok(created.kind === 'done');
  const { id } = created.value.rollout;
  await at.expect(1, at.leader, at.other);
  assert.match(at.other.alarms[0]?.detail ?? '', /No agent takes part in this rollout\./);
  await at.other.cancel(id, false, admin);
  assert.deepEqual(at.other.alarms, []);
  await at.expect(0, at.leader);
});

test('a rollout that went back is an alarm on every replica for an hour, also on one that starts', async () => {
  await using at = await scene();
  const created = await at.leader.create({ target, settings: {}, onFailure: 'halt' }, admin);
  assert.ok(created.kind === 'done');
  await at.expect(1, at.leader, at.other);
  await at.leader.cancel(created.value.rollout.id, true, admin);
  await eventually('the end', async () => {
    await at.clock.pass(SECOND);
    return [at.leader, at.other].every(({ open }) => open.length === 0);
  });
  const { rollouts: started } = await at.open();
  const all = [at.leader, at.other, started];
  for (const { alarms } of all) assert.match(alarms[0]?.detail ?? '', /Cancelled by admin-token:1\./);
  at.clock.sleep(HOUR);
  for (const { alarms } of all) assert.deepEqual(alarms, []);
});

test('a rollout that begins and ends between two reads of another replica is an alarm there', async () => {
  await using at = await scene();
  // Its next read waits until the rollout is over.
  const clock = fakeClock();
  const { rollouts: other } = await at.open({ clock });
  const created = await at.leader.create({ target, settings: {}, onFailure: 'roll-back' }, admin);
  assert.ok(created.kind === 'done');
  const { id } = created.value.rollout;
  await eventually('the end', async () => {
    await at.clock.pass(SECOND);
    return at.leader.open.length === 0;
  });
  assert.equal((await at.leader.detail(id)).rollout.stage.state, 'rolled-back');
  assert.deepEqual(other.alarms, []);
  await eventually('the alarm', async () => {
    await clock.pass(SECOND);
    return other.alarms.length > 0;
  });
  assert.deepEqual(other.alarms, at.leader.alarms);
  clock.sleep(HOUR);
  assert.deepEqual(other.alarms, []);
});

test('a retry is refused while an agent is still being tried, and names it', async () => {
  await using at = await scene('a', 'b');
  const { leader } = at;
  const settings = { canary: 100 };
  const created = await leader.create({ target, settings, onFailure: 'halt' }, admin);
  assert.ok(created.kind === 'done');
  const { id } = created.value.rollout;
  const failed = { rollout: id, state: 'failed', code: 'EXITED', since: 1 };
  const host = { upgrader: 'host', policy: 'allow', installed: [], failed: [] };
  at.change('a', { softwareVersion: '1.0.0', upgrade: { ...host, ...failed } as never });
  at.change('b', { softwareVersion: '1.1.0' });
  await at.expect(1, leader);
  await assert.rejects(leader.retry(id, admin), {
    code: 'ROLLOUT_STATE',
    message: `The last attempt goes on at b (probation). Retry when penstock-gateway rollout show ${id} lists no agent as switching or probation.`,
  });
  at.change('b', { softwareVersion: '1.0.0' });
  await eventually('the end of the attempt', async () => {
    await at.clock.pass(SECOND);
    return leader.open[0]?.agents.every(({ state }) => state === 'failed');
  });
  const { rollout } = await leader.retry(id, admin);
  assert.equal(rollout.stage.state, 'canary');
});

test('an agent whose deadline has passed does not have its rollout looked at more often than others', async () => {
  await using at = await scene('a');
  const { leader, clock } = at;
  const settings = { canary: 100, probation: 60 * SECOND };
  await leader.create({ target, settings, onFailure: 'halt' }, admin);
  at.change('a', { softwareVersion: '1.1.0' });
  const agent = () => leader.open[0]?.agents[0];
  await eventually('the probation', async () => {
    await clock.pass(SECOND);
    return agent()?.state === 'probation';
  });
  // It has as long again, because it is away at the end.
  at.change('a', { softwareVersion: '1.1.0', connectedSince: undefined });
  await eventually('the deadline', async () => {
    await clock.pass(SECOND);
    return clock.wall() > (agent()?.deadline ?? Infinity);
  });
  const before = at.steps();
  await clock.pass(10 * SECOND);
  assert.equal(agent()?.state, 'probation');
  assert.ok(at.steps() - before <= 12, `${at.steps() - before} steps in ten seconds`);
});

test('agents that are away are skipped, unless a replica that may have them is out of reach', async () => {
  await using at = await rolloutScene('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  const away = ['a', 'b', 'c', 'd'];
  for (const name of away) at.change(name, { connectedSince: undefined });
  const planned = async (isWhole: boolean) => {
    const { rollouts } = await at.open({ epoch: 1, isWhole });
    const settings = { canary: 50 };
    const { agents } = await rollouts.preview({ target, settings, onFailure: 'halt' });
    const namesOf = (which: (agent: (typeof agents)[number]) => boolean) =>
      agents.filter(which).map(({ name }) => name);
    return {
      skipped: namesOf(({ state }) => state === 'skipped').sort(),
      canaries: namesOf(({ state, group }) => state === 'pending' && group === 0).sort(),
      others: namesOf(({ group }) => group > 0).length,
    };
  };
  const { canaries, ...rest } = await planned(true);
  assert.deepEqual(rest, { skipped: away, others: 2 });
  assert.equal(canaries.length, 2);
  // Half of all eight, of which four can be watched.
  assert.deepEqual(await planned(false), { skipped: [], canaries: ['e', 'f', 'g', 'h'], others: 4 });

  at.change('a', { connectedSince: undefined, platform: { os: 'Windows 11', arch: 'x64' } as never });
  const mixed = await planned(false);
  assert.equal(mixed.canaries.length, 4);
  assert.ok(mixed.canaries.includes('a'), 'nobody else has its platform');

  for (const name of ['e', 'f', 'g', 'h']) at.change(name, { connectedSince: undefined });
  assert.equal((await planned(false)).canaries.length, 4);
});

test('opens through what an agent ran before are not held against what it runs now', async () => {
  await using at = await rolloutScene('a', 'b');
  const settings = { canary: 50, probation: 300 * SECOND };
  const stateAfter = async (opensDelay: number) => {
    const { rollouts, opens, stop } = await at.open({ epoch: 1, opensDelay });
    const created = await rollouts.create({ target, settings, onFailure: 'halt' }, admin);
    assert.ok(created.kind === 'done');
    const { id } = created.value.rollout;
    const canary = () => rollouts.open[0]?.agents.find(({ group }) => group === 0);
    const name = canary()?.name ?? '';
    at.change(name, { softwareVersion: '1.1.0' });
    await eventually('the probation', async () => {
      await at.clock.pass(SECOND / 2);
      return canary()?.state === 'probation';
    });
    const steps = at.steps();
    await eventually('the first reading', async () => {
      await at.clock.pass(SECOND / 2);
      return at.steps() > steps + 2;
    });
    // Made at another gateway, before the switch.
    opens.include(name, { opened: 0, failed: 10, durations: [] });
    await eventually('the end of the probation', async () => {
      await at.clock.pass(SECOND);
      return canary()?.state !== 'probation';
    });
    const state = canary()?.state;
    await rollouts.cancel(id, false, admin);
    at.change(name, { softwareVersion: '1.0.0' });
    await stop();
    return state;
  };
  assert.equal(await stateAfter(0), 'failed');
  assert.equal(await stateAfter(60 * SECOND), 'updated');
});
