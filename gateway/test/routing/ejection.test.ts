import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Ejection } from '../../src/routing/ejection.ts';

const LIMITS = { consecutiveFailures: 3, baseDuration: 1_000, maxPercent: 50 };
const DB = 'orders-db';

function setUp(limits = LIMITS) {
  const clock = fakeClock();
  const ejection = new Ejection(limits, clock);
  const fail = (agent: string, agents: readonly string[], times = 1) => {
    let ejected = false;
    for (let time = 0; time < times; time += 1) ejected = ejection.failed(DB, agent, 'REFUSED', agents);
    return ejected;
  };
  return { clock, ejection, fail };
}

test('an agent is ejected after consecutive failures, and returns after a time', async () => {
  const { clock, ejection, fail } = setUp();
  assert.equal(fail('a', ['a', 'b'], 2), false);
  assert.equal(fail('a', ['a', 'b']), true);
  assert.equal(ejection.isEjected(DB, 'a'), true);
  await clock.pass(999);
  assert.equal(ejection.isEjected(DB, 'a'), true);
  await clock.pass(1);
  assert.equal(ejection.isEjected(DB, 'a'), false);
});

test('a success in between starts the count again', () => {
  const { ejection, fail } = setUp();
  fail('a', ['a', 'b'], 2);
  ejection.succeeded(DB, 'a');
  assert.equal(fail('a', ['a', 'b'], 2), false);
});

test('each further ejection doubles, up to tenfold, until one open succeeds', async () => {
  const { clock, ejection, fail } = setUp();
  const lasts = async () => {
    assert.equal(fail('a', ['a', 'b'], 3), true);
    const since = clock.now();
    while (ejection.isEjected(DB, 'a')) await clock.pass(500);
    return clock.now() - since;
  };
  const durations: number[] = [];
  for (let time = 0; time < 6; time += 1) durations.push(await lasts());
  assert.deepEqual(durations, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  ejection.succeeded(DB, 'a');
  assert.equal(await lasts(), 1_000);
});

test('failures that do not count against the agent do not eject it', () => {
  const { ejection } = setUp();
  for (const code of ['AGENT_DRAINING', 'AGENT_OVERLOADED', 'POLICY_DENIED', 'CLIENT_GONE'] as const) {
    for (let time = 0; time < 10; time += 1) ejection.failed(DB, 'a', code, ['a', 'b']);
  }
  assert.equal(ejection.isEjected(DB, 'a'), false);
});

test('an ejection applies to one connector', () => {
  const { ejection, fail } = setUp();
  fail('a', ['a', 'b'], 3);
  assert.equal(ejection.isEjected(DB, 'a'), true);
  assert.equal(ejection.isEjected('another', 'a'), false);
});

test('the only agent of a pool is never ejected', () => {
  const { ejection, fail } = setUp();
  assert.equal(fail('a', ['a'], 50), false);
  assert.equal(ejection.isEjected(DB, 'a'), false);
});

test('when all agents fail none is ejected, because the target is at fault', () => {
  const { ejection } = setUp({ ...LIMITS, maxPercent: 100 });
  const agents = ['a', 'b', 'c'];
  for (let time = 0; time < 20; time += 1) {
    for (const agent of agents) ejection.failed(DB, agent, 'REFUSED', agents);
  }
  assert.deepEqual(
    agents.filter((agent) => ejection.isEjected(DB, agent)),
    [],
  );
});

test('an agent that has disconnected is not counted, and its record is dropped', () => {
  const { ejection, fail } = setUp();
  // Opens in progress on its sessions fail after it has disconnected.
  assert.equal(fail('a', ['b'], 10), false);
  assert.equal(fail('a', ['a', 'b'], 2), false);
  fail('a', ['a', 'b']);
  ejection.forgetAgent('a');
  assert.equal(ejection.isEjected(DB, 'a'), false);
  assert.equal(fail('a', ['a', 'b'], 2), false);
});

test('new limits apply from the next failure on', () => {
  const { ejection, fail } = setUp();
  fail('a', ['a', 'b'], 2);
  ejection.apply({ ...LIMITS, consecutiveFailures: 10 });
  assert.equal(fail('a', ['a', 'b'], 5), false);
  ejection.apply({ ...LIMITS, maxPercent: 0 });
  assert.equal(fail('a', ['a', 'b'], 50), false);
});

test('never more than maxPercent of a pool is ejected, and never all of it', async () => {
  const event = fc.record({
    agent: fc.nat({ max: 5 }),
    what: fc.constantFrom('fail', 'fail', 'fail', 'succeed', 'pass'),
    times: fc.integer({ min: 1, max: 10 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 60 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 100 }),
      async (events, size, maxPercent) => {
        const { clock, ejection } = setUp({ ...LIMITS, maxPercent });
        const agents = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, size);
        for (const { agent: index, what, times } of events) {
          const agent = agents[index % size] ?? 'a';
          for (let time = 0; time < times; time += 1) {
            if (what === 'fail') ejection.failed(DB, agent, 'REFUSED', agents);
            if (what === 'succeed') ejection.succeeded(DB, agent);
          }
          if (what === 'pass') await clock.pass(times * 300);
          const ejected = agents.filter((each) => ejection.isEjected(DB, each)).length;
          assert.ok(ejected < size && ejected * 100 <= size * maxPercent, `${ejected} of ${size}`);
        }
      },
    ),
  );
});
