import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LinkListener, SessionLinks } from '../src/index.ts';

const quiet: LinkListener = {
  isOwed: false,
  unsent: 0,
  moved: 0,
  onAcknowledged() {},
  onLost() {},
  onStopped() {},
  onRetiring() {},
};

test('a session on which data arrives and nothing can be acknowledged tells its peer that it is alive', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setImmediate'] });
  const sent: unknown[] = [];
  let isBlocked = false;
  const links = new SessionLinks(
    (batch) => sent.push(batch),
    () => isBlocked,
  );
  let received = 0;
  links.watch({ bytesReceived: () => received, roundTrip: () => undefined, onSilent() {} });
  // Its connections cannot be resumed, so they have no links.
  const arrive = () => {
    for (let tick = 0; tick < 5; tick += 1) {
      received += 100_000;
      t.mock.timers.tick(400);
    }
  };
  arrive();
  assert.deepEqual(sent, [[]]);
  isBlocked = true;
  arrive();
  assert.equal(sent.length, 1, 'the peer does not read');
  links.stop();
});

test('connections of a retiring session are asked to move until they have', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const links = new SessionLinks(
    () => {},
    () => false,
  );
  const asked = { stays: 0, moves: 0, comes: 0 };
  const count = (name: keyof typeof asked) => {
    asked[name] += 1;
  };
  const stays = links.link('stays');
  stays.open({ ...quiet, onRetiring: () => count('stays') });
  const moves = links.link('moves');
  moves.open({
    ...quiet,
    onRetiring() {
      count('moves');
      moves.leave();
    },
  });
  links.retire();
  assert.deepEqual(asked, { stays: 1, moves: 1, comes: 0 });
  links.link('comes').open({ ...quiet, onRetiring: () => count('comes') });
  t.mock.timers.tick(2_000);
  assert.deepEqual(asked, { stays: 3, moves: 1, comes: 2 });
  links.stop();
  t.mock.timers.tick(10_000);
  assert.deepEqual(asked, { stays: 3, moves: 1, comes: 2 });
});

test('a session on a long link is congested while connections wait for each other, and those that moved most move on', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setImmediate'] });
  const links = new SessionLinks(
    () => {},
    () => false,
  );
  let [congested, roundTrip] = [0, 80];
  links.watch({
    bytesReceived: () => 0,
    roundTrip: () => roundTrip,
    onSilent() {},
    onCongested() {
      congested += 1;
    },
  });
  const moves: string[] = [];
  const states = ['a', 'b', 'c', 'relayed'].map((name) => {
    const state = { ...quiet, unsent: 0, moved: 0 };
    const listener = name === 'relayed' ? state : Object.assign(state, { move: () => moves.push(name) });
    links.link(name).open(listener);
    return state;
  });
  const [a, b, c, relayed] = states as [
    (typeof states)[0],
    (typeof states)[0],
    (typeof states)[0],
    (typeof states)[0],
  ];
  const tick = (count: number) => {
    for (let tick = 0; tick < count; tick += 1) t.mock.timers.tick(400);
  };
  a.unsent = 1_000_000;
  tick(6);
  assert.equal(congested, 0, 'one connection waits for nobody');
  relayed.unsent = 1_000_000;
  tick(2);
  assert.equal(congested, 0, 'for a moment');
  tick(1);
  assert.equal(congested, 1);
  tick(3);
  assert.equal(congested, 2, 'and again');

  Object.assign(a, { moved: 10 });
  Object.assign(b, { moved: 30 });
  Object.assign(c, { moved: 20 });
  Object.assign(relayed, { moved: 90 });
  links.relieve(2);
  assert.deepEqual(moves, ['b', 'c']);
  Object.assign(a, { moved: 15 });
  links.relieve(1);
  assert.deepEqual(moves, ['b', 'c', 'a'], 'since the last time');

  roundTrip = 1;
  tick(9);
  assert.equal(congested, 2, 'a near peer needs no further session');
  links.stop();
});
