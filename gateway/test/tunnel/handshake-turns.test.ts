import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { HandshakeTurns } from '../../src/tunnel/handshake-turns.ts';

function setUp(concurrent?: number) {
  const clock = fakeClock();
  const turns = new HandshakeTurns({ clock, ...(concurrent !== undefined && { concurrent }) });
  const begun: string[] = [];
  const expired: string[] = [];
  const take = (name: string) =>
    turns.take(
      () => void begun.push(name),
      () => void expired.push(name),
    );
  return { clock, turns, begun, expired, take };
}

test('connections have their turn in the order of their arrival, as many at a time as may', () => {
  const { turns, begun, take } = setUp(2);
  const [first, second, third] = ['a', 'b', 'c', 'd'].map(take);
  assert.deepEqual(begun, ['a', 'b']);
  assert.equal(turns.waiting, 2);
  second?.();
  second?.();
  assert.deepEqual(begun, ['a', 'b', 'c'], 'a turn ends once');
  third?.();
  first?.();
  take('e');
  assert.deepEqual(begun, ['a', 'b', 'c', 'd', 'e']);
});

test('a connection that has closed while it waited gets no turn', () => {
  const { turns, begun, take } = setUp(1);
  const first = take('a');
  const second = take('b');
  take('c');
  second();
  assert.equal(turns.waiting, 1);
  first();
  assert.deepEqual(begun, ['a', 'c']);
});

test('silent connections hold up nobody for longer than 20 ms', async () => {
  const { clock, begun, expired, take } = setUp(2);
  const first = take('silent');
  for (const name of ['silent', 'a', 'b', 'c']) take(name);
  await clock.pass(19);
  assert.deepEqual(begun, ['silent', 'silent']);
  await clock.pass(1);
  assert.deepEqual(begun, ['silent', 'silent', 'a', 'b']);
  first();
  assert.equal(begun.length, 4, 'its turn was over');
  await clock.pass(20);
  assert.deepEqual(begun, ['silent', 'silent', 'a', 'b', 'c']);
  assert.deepEqual(expired, []);
});

test('a connection that waits for five seconds is given up and counted', async () => {
  const { clock, turns, begun, expired, take } = setUp(1);
  const ends = Array.from({ length: 300 }, (_, index) => take(String(index)));
  await clock.pass(4_999);
  assert.deepEqual(expired, []);
  await clock.pass(1);
  const given = Array.from({ length: 300 }, (_, index) => String(index)).slice(begun.length);
  assert.ok(given.length > 0 && given.length < 300);
  assert.deepEqual(expired, given);
  assert.equal(turns.expired, given.length);
  assert.equal(turns.waiting, 0);
  for (const end of ends) end();
  assert.deepEqual(clock.waiting, []);
});

test('eight have their turn at a time', () => {
  const { begun, take } = setUp();
  for (let index = 0; index < 20; index += 1) take(String(index));
  assert.equal(begun.length, 8);
});
