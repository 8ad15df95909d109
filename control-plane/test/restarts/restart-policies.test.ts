import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestartPolicy } from '@penstock/config-schema';
import type { AuditRow } from '@penstock/store';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { AgentRequestError } from '../../src/requests/agent-request-error.ts';
import { RESTART_ACTOR, RestartPolicies } from '../../src/restarts/restart-policies.ts';
import { testView } from '../fleet/test-view.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const GIB = 1024 ** 3;

const policy: RestartPolicy = {
  when: ['connector-failing', 'memory-above'],
  for: 10 * MINUTE,
  memoryAbove: GIB,
  atMost: { count: 2, per: 60 * MINUTE },
};

const failing = { checks: [{ connector: 'orders-db', reach: 'connect' as never, at: 0 }] };
const passing = { checks: [{ connector: 'orders-db', reach: 'ready' as const, at: 0 }] };
const large = { memory: { totalBytes: 4 * GIB, availableBytes: GIB, processBytes: 2 * GIB } };

/** Agents by name; a restarted one is another process, with the same condition. */
function scene(agents: Map<string, AgentView>, minReady = 1) {
  const clock = fakeClock();
  const restarted: string[] = [];
  const logged: string[] = [];
  const audit: { at: number; subject: string }[] = [];
  const live = { isWaiting: false, isChanging: false, isLeader: true, refuses: false, returns: true };
  const policies = new RestartPolicies({
    fleet: {
      agentsAfter: () => agents.values(),
      agentById: (id) => [...agents.values()].find((each) => each.id === id),
      pools: () => [{ name: 'dc1', ready: agents.size, minReady }] as never,
    },
    requests: {
      async perform(_request, name, _args, requester) {
        assert.equal(requester.id, RESTART_ACTOR);
        if (live.isWaiting) return { kind: 'waiting', approval: {} as never };
        if (live.refuses) throw new AgentRequestError('AGENT_REFUSED', `${name} refuses.`);
        restarted.push(name);
        audit.unshift({ at: clock.wall(), subject: `agent:agt_${name}` });
        const view = agents.get(name);
        assert.ok(view !== undefined);
        const boot = { id: `boot-${restarted.length + 1}`, address: '', since: 0, sessions: 2 };
        if (live.returns) agents.set(name, { ...view, boots: [boot] });
        return { kind: 'done', value: {} as never };
      },
    },
    store: {
      audit: {
        list: async ({ subject, limit }: { subject: string; limit: number }) =>
          audit.filter((row) => row.subject === subject).slice(0, limit) as unknown as AuditRow[],
      } as never,
    },
    policies: () => [{ name: 'dc1', restart: policy }],
    isChanging: () => live.isChanging,
    isLeader: () => live.isLeader,
    clock,
    log: (event) => void logged.push(event),
  });
  return { clock, restarted, logged, live, policies };
}

const fleetOf = (...views: readonly AgentView[]) => new Map(views.map((view) => [view.name, view]));

test('an agent is restarted when its condition has lasted, as often as allowed; then it is an alarm', async () => {
  const agents = fleetOf(testView('a', large), testView('b'));
  const { clock, restarted, policies } = scene(agents);
  await clock.pass(10 * MINUTE);
  assert.deepEqual(restarted, []);
  await clock.pass(10 * SECOND);
  assert.deepEqual(restarted, ['a']);
  await clock.pass(11 * MINUTE);
  assert.deepEqual(restarted, ['a', 'a']);
  await clock.pass(30 * MINUTE);
  assert.deepEqual(restarted, ['a', 'a']);
  assert.deepEqual(policies.alarms, [
    {
      condition: 'restart-exhausted',
      subject: 'agent:a',
      pool: 'dc1',
      detail: 'It uses 2048 MiB of memory. It was restarted 2 times without success.',
    },
  ]);
  agents.set('a', testView('a'));
  await clock.pass(10 * SECOND);
  assert.deepEqual(policies.alarms, []);
  await policies.stop();
  assert.deepEqual(clock.waiting, []);
});

test('a condition that is interrupted starts over', async () => {
  const agents = fleetOf(testView('a', large), testView('b'));
  const { clock, restarted, policies } = scene(agents);
  await clock.pass(9 * MINUTE);
  agents.set('a', testView('a'));
  await clock.pass(10 * SECOND);
  agents.set('a', testView('a', large));
  await clock.pass(9 * MINUTE);
  assert.deepEqual(restarted, []);
  await policies.stop();
});

test('one of a pool at a time, and never below minReady', async () => {
  const both = scene(fleetOf(testView('a', large), testView('b', large)));
  both.live.returns = false;
  await both.clock.pass(12 * MINUTE);
  assert.deepEqual(both.restarted, ['a'], 'it has not returned');
  await both.clock.pass(5 * MINUTE);
  assert.deepEqual(both.restarted, ['a', 'b']);
  const few = scene(fleetOf(testView('a', large), testView('b')), 2);
  await few.clock.pass(60 * MINUTE);
  assert.deepEqual(few.restarted, []);
  await both.policies.stop();
  await few.policies.stop();
});

test('a target that nobody reaches is not the fault of an agent; one that only it does not reach is', async () => {
  const all = scene(fleetOf(testView('a', failing), testView('b', failing)));
  await all.clock.pass(60 * MINUTE);
  assert.deepEqual(all.restarted, []);
  const one = scene(fleetOf(testView('a', failing), testView('b', passing)));
  await one.clock.pass(11 * MINUTE);
  assert.deepEqual(one.restarted, ['a']);
  await all.policies.stop();
  await one.policies.stop();
});

test('nothing is restarted during a rollout, by a follower, before an approval, or again after a refusal', async () => {
  for (const change of [{ isChanging: true }, { isLeader: false }, { isWaiting: true }]) {
    const { clock, restarted, live, policies } = scene(fleetOf(testView('a', large), testView('b')));
    Object.assign(live, change);
    await clock.pass(30 * MINUTE);
    assert.deepEqual(restarted, [], JSON.stringify(change));
    await policies.stop();
  }
  const { clock, logged, live, policies } = scene(fleetOf(testView('a', large), testView('b')));
  live.refuses = true;
  await clock.pass(60 * MINUTE);
  assert.deepEqual(logged, ['agent-restart-failed']);
  await policies.stop();
});
