import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FleetEvents } from '../../src/events/events.ts';
import type { FleetEvent } from '../../src/events/fleet-event.ts';

const audit = (id: number) => ({ id: String(id), at: '', actor: 'a', action: 'b', subject: 'c' });
const textOf = ({ type, data }: FleetEvent) =>
  type === 'agent' ? `${data.name} ${data.state}` : `${type} ${'id' in data ? data.id : ''}`;

/** Replicas that tell each other of their events at once, and a clock. */
function startReplicas(count: number) {
  const clock = { now: 0 };
  const replicas = Array.from({ length: count }, () => new FleetEvents(() => clock.now));
  const connect = (from: FleetEvents, to: FleetEvents) => from.follow((events) => to.peerPublished(events));
  for (const from of replicas) for (const to of replicas) if (from !== to) connect(from, to);
  return { clock, replicas };
}

/** A listener that can move, and what it has heard. */
function startListener() {
  const heard: string[] = [];
  let id: string | undefined;
  let stop = () => {};
  return {
    heard,
    get id() {
      return id;
    },
    /** Returns whether it could resume. */
    moveTo(events: FleetEvents): boolean {
      stop();
      const resumption = id === undefined ? undefined : events.resume(id);
      const canResume = id === undefined || resumption !== undefined;
      const missed = resumption?.missed ?? [];
      if (missed.length === 0) id = resumption?.idAfter(events.lastId) ?? events.lastId;
      const hear = (event: FleetEvent) => {
        if (resumption?.hasSeen(event) !== true) heard.push(textOf(event));
        if (event.id !== undefined) id = resumption?.idAfter(event.id) ?? event.id;
      };
      for (const event of missed) {
        heard.push(textOf(event));
        if (event.id !== undefined) id = resumption?.idAfter(event.id);
      }
      stop = events.listen({ event: hear, end: () => {} });
      return canResume;
    },
  };
}

const two = () => {
  const { clock, replicas } = startReplicas(2);
  const [r1, r2] = replicas;
  assert.ok(r1 && r2);
  return { clock, r1, r2 };
};

test('a listener goes on at another replica, which publishes earlier or later', () => {
  const { r1, r2 } = two();
  const listener = startListener();
  listener.moveTo(r1);
  for (const events of [r1, r2]) events.publish('audit', audit(1));
  r1.publish('audit', audit(2));
  r2.publish('audit', audit(3));
  listener.moveTo(r2);
  assert.deepEqual(listener.heard, ['audit 1', 'audit 2', 'audit 3']);
  r2.publish('audit', audit(2));
  r2.publish('audit', audit(4));
  assert.deepEqual(listener.heard, ['audit 1', 'audit 2', 'audit 3', 'audit 4']);
  // Before r1 has published 3 and 4.
  listener.moveTo(r1);
  for (const id of [3, 4, 5]) r1.publish('audit', audit(id));
  assert.deepEqual(listener.heard.slice(4), ['audit 5']);
});

test('what happens at one replica only is published by all, once', () => {
  const { r1, r2 } = two();
  const [here, there] = [startListener(), startListener()];
  here.moveTo(r1);
  there.moveTo(r2);
  r1.publish('rollout', { id: 'rlt_1', kind: 'config', version: '2', pools: 'dc1', state: 'running' });
  r1.publish('rollout', { id: 'rlt_1', kind: 'config', version: '2', pools: 'dc1', state: 'running' });
  assert.deepEqual(here.heard, ['rollout rlt_1', 'rollout rlt_1']);
  assert.deepEqual(there.heard, here.heard);
  here.moveTo(r2);
  there.moveTo(r1);
  assert.deepEqual(here.heard.length + there.heard.length, 4);
});

test('of an agent whose state changed and changed back, the last state is told', () => {
  const { r1, r2 } = two();
  const listener = startListener();
  listener.moveTo(r1);
  const publish = (state: 'connected' | 'stale') => {
    for (const events of [r1, r2]) events.publish('agent', { name: 'a1', pool: 'dc1', state });
  };
  publish('connected');
  publish('stale');
  const { id = '' } = listener;
  publish('connected');
  assert.deepEqual(r2.resume(id)?.missed.map(textOf), ['a1 connected']);
  listener.moveTo(r2);
  assert.deepEqual(listener.heard, ['a1 connected', 'a1 stale', 'a1 connected']);
});

test('a listener of a replica that has died goes on, and one that saw what nobody else knows reads everything again', () => {
  const { clock, r1, r2 } = two();
  const listener = startListener();
  listener.moveTo(r1);
  for (const events of [r1, r2]) events.publish('audit', audit(1));
  const [stream = '', number] = r1.lastId.split('-');
  r2.peerLost(stream);
  clock.now += 60_000;
  r2.publish('audit', audit(2));
  clock.now += 60_000;
  assert.equal(r2.resume(`${stream}-${Number(number) + 1}`), undefined);
  assert.equal(listener.moveTo(r2), true);
  assert.deepEqual(listener.heard, ['audit 1', 'audit 2']);
  for (const id of ['0123456789ab-1', `${r2.lastId}.x`, Array(5).fill(r2.lastId).join('.')]) {
    assert.equal(r2.resume(id), undefined, id);
  }
});

test('a state that comes back after the replica of the listener has died is told', () => {
  const { clock, r1, r2 } = two();
  const listener = startListener();
  listener.moveTo(r1);
  for (const state of ['stale', 'connected'] as const) {
    for (const events of [r1, r2]) events.publish('agent', { name: 'a1', pool: 'dc1', state });
  }
  r2.peerLost(r1.lastId.split('-')[0] ?? '');
  clock.now += 60_000;
  r2.publish('agent', { name: 'a1', pool: 'dc1', state: 'stale' });
  listener.moveTo(r2);
  assert.deepEqual(listener.heard, ['a1 stale', 'a1 connected', 'a1 stale']);
});

test('too many events for the memory of either replica are not passed over', () => {
  const { clock, r1, r2 } = two();
  const listener = startListener();
  listener.moveTo(r1);
  for (let id = 0; id < 3_000; id += 1) {
    clock.now += 10;
    for (const events of [r1, r2]) events.publish('audit', audit(id));
    if (id === 100) r1.listen({ event: () => {}, end: () => {} });
  }
  const { id = '' } = listener;
  assert.equal(listener.moveTo(r2), true);
  for (let next = 3_000; next < 6_000; next += 1) {
    clock.now += 10;
    for (const events of [r1, r2]) events.publish('audit', audit(next));
  }
  assert.equal(r2.resume(id), undefined);
});

test('wherever a listener goes, it hears each event once', () => {
  const step = fc.record({
    /** Replicas in the order in which they publish, and how many of them before the listener moves. */
    order: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
    before: fc.nat(3),
    to: fc.option(fc.nat(2), { nil: undefined }),
    milliseconds: fc.nat(1_000),
    facts: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { clock, replicas } = startReplicas(3);
      const listener = startListener();
      const at = (index: number) => replicas[index] as FleetEvents;
      listener.moveTo(at(0));
      let id = 0;
      for (const { order, before, to, milliseconds, facts } of steps) {
        clock.now += milliseconds;
        const ids = Array.from({ length: facts }, () => id++);
        const publish = (index: number) => {
          for (const each of ids) at(index).publish('audit', audit(each));
        };
        for (const index of order.slice(0, before)) publish(index);
        if (to !== undefined) assert.equal(listener.moveTo(at(to)), true);
        for (const index of order.slice(before)) publish(index);
      }
      const expected = Array.from({ length: id }, (_, each) => `audit ${each}`);
      assert.deepEqual([...listener.heard].sort(), expected.sort());
    }),
    { numRuns: 300 },
  );
});
