import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '@penstock/store';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { StateRecorder } from '../../src/history/state-recorder.ts';
import { LeadershipLostError, soleLeadership } from '../../src/leadership/leadership.ts';

const agent = (name: string, state: string, code: string) =>
  ({ id: `id-${name}`, name, pool: 'dc1', state, code, detail: undefined }) as unknown as AgentView;

async function recorderRig() {
  const directory = await temporaryDirectory();
  const store = await createStore(directory.path);
  const clock = fakeClock();
  const agents: AgentView[] = [];
  const failures: unknown[] = [];
  const start = (
    leadership: Pick<typeof soleLeadership, 'isLeader' | 'requireLead' | 'onChange'> = soleLeadership,
  ) =>
    new StateRecorder({
      store,
      leadership,
      clock,
      agents: () => agents,
      onFailed: (error) => failures.push(error),
    });
  const rows = async () =>
    (await store.stateChanges.list({ limit: 100 })).map(
      ({ agent: name, state, beforeState }) => `${name} ${beforeState}>${state}`,
    );
  return {
    store,
    clock,
    agents,
    failures,
    start,
    rows,
    /** Lets what is due run, with the store in between. */
    async until(expected: readonly string[]) {
      await eventually('the changes to be written', async () => {
        await clock.pass(1_000);
        return (await rows()).join() === expected.join();
      });
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test('each change is written once, and a restart is none', async () => {
  await using rig = await recorderRig();
  const connected = agent('a1', 'connected', 'CONNECTED');
  rig.agents.push(connected);
  const first = rig.start();
  await rig.clock.pass(0);
  // What a gateway finds when it starts is no change.
  first.add({ agent: agent('a1', 'disconnected', 'X'), before: undefined });
  await eventually('the recorder to have read the store', async () => {
    first.add({ agent: connected, before: [] });
    await rig.clock.pass(1_000);
    return (await rig.rows()).join() === 'a1 null>connected';
  });
  first.add({ agent: agent('a1', 'draining', 'Y'), before: [] });
  first.add({ agent: agent('a1', 'draining', 'Y'), before: [] });
  // What is pending is written at the end.
  await first.stop();
  assert.deepEqual(await rig.rows(), ['a1 connected>draining', 'a1 null>connected']);

  // After the restart a1 is as before; a2 does not connect within a minute.
  rig.agents.splice(0, 1, agent('a1', 'draining', 'Y'), agent('a2', 'disconnected', 'X'));
  const second = rig.start();
  await rig.clock.pass(60_000);
  await rig.until(['a2 null>disconnected', 'a1 connected>draining', 'a1 null>connected']);
  await second.stop();
  assert.deepEqual(rig.failures, []);
  assert.deepEqual(rig.clock.waiting, []);
});

test('a gateway that does not lead writes nothing, nor one that has lost the lead without knowing', async () => {
  await using rig = await recorderRig();
  const follower = rig.start({ ...soleLeadership, isLeader: false });
  const replaced = rig.start({
    ...soleLeadership,
    async requireLead() {
      throw new LeadershipLostError('replaced');
    },
  });
  for (let round = 0; round < 5; round += 1) {
    await rig.clock.pass(6_000);
    await rig.store.stateChanges.latest();
    for (const recorder of [follower, replaced]) {
      recorder.add({ agent: agent(`a${round}`, 'connected', 'CONNECTED'), before: [] });
    }
  }
  await follower.stop();
  await replaced.stop();
  assert.deepEqual(await rig.rows(), []);
  assert.deepEqual(rig.failures, []);
});

test('old changes are deleted, and the oldest of too many', async () => {
  await using rig = await recorderRig();
  const row = (number: number) => ({
    ...{ id: `${number}`, at: number, agentId: 'id', agent: 'a1', pool: 'dc1', state: 'connected' },
    ...{ code: 'CONNECTED', detail: null, beforeState: null, beforeCode: null },
  });
  await rig.store.stateChanges.insert([1, 2, 3, 4, 5, 6].map(row));
  const gone = { ...row(0), id: '0', agentId: 'gone', agent: 'a2' };
  await rig.store.stateChanges.insert([gone]);
  assert.equal(
    await rig.store.stateChanges.prune({ before: 3, keep: 100, limit: 1 }),
    true,
    'there are more',
  );
  assert.equal(await rig.store.stateChanges.prune({ before: 3, keep: 100, limit: 100 }), false);
  const kept = await rig.store.stateChanges.list({ limit: 10, until: 3 });
  assert.deepEqual(
    kept.map(({ id }) => id),
    ['0'],
    'the last change of an agent is not old, for a restart would be one',
  );
  await rig.store.stateChanges.prune({ before: 3, keep: 3, limit: 100 });
  const left = await rig.store.stateChanges.list({ limit: 10 });
  assert.deepEqual(
    left.map(({ id }) => id),
    ['6', '5', '4'],
  );
  const window = await rig.store.stateChanges.list({ limit: 10, agent: 'a1', since: 5, until: 6 });
  assert.deepEqual(
    window.map(({ id }) => id),
    ['5'],
  );
});

test('a store that fails is reported once, and what has changed meanwhile is written afterwards', async (t) => {
  await using rig = await recorderRig();
  const recorder = rig.start();
  await rig.until([]);
  const failing = t.mock.method(rig.store, 'transaction', async () => {
    throw new Error('The store is away.');
  });
  recorder.add({ agent: agent('a1', 'connected', 'CONNECTED'), before: [] });
  rig.agents.push(agent('a1', 'connected', 'CONNECTED'));
  await eventually('three attempts', async () => {
    await rig.clock.pass(1_000);
    return failing.mock.callCount() >= 3;
  });
  assert.equal(rig.failures.length, 1);
  failing.mock.restore();
  await rig.until(['a1 null>connected']);
  await recorder.stop();
});
