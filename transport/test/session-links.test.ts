import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type LinkListener, SessionLinks } from '../src/index.ts';
import { tcpOptions } from '../src/tcp-options.ts';

const MIB = 1024 * 1024;

const quiet: LinkListener = {
  unsentBytes: 0,
  owedBytes: 0,
  movedBytes: 0,
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

/** A session with connections that a test changes; the last one cannot move. */
function longLink(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval', 'setImmediate'] });
  const time = { now: 1_000 };
  t.mock.method(performance, 'now', () => time.now);
  const links = new SessionLinks(
    () => {},
    () => false,
  );
  const link = { congested: 0, roundTrip: 80, looks: 0 };
  links.watch(
    { bytesReceived: () => 0, roundTrip: () => link.roundTrip, onSilent() {} },
    {
      streamWindow: () => 4 * MIB,
      onCongested() {
        link.congested += 1;
      },
      fd() {
        link.looks += 1;
        return undefined;
      },
      onRestarted() {},
    },
  );
  t.after(() => links.stop());
  const moves: string[] = [];
  const connection = (name: string, canMove: boolean) => {
    const state = { ...quiet, unsentBytes: 0, owedBytes: 0, movedBytes: 0 };
    const listener = canMove ? Object.assign(state, { move: () => moves.push(name) }) : state;
    links.link(name).open(listener);
    return listener;
  };
  const pass = (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 400) {
      time.now += 400;
      t.mock.timers.tick(400);
    }
  };
  return { link, connection, pass, links, moves };
}

const waiting = { unsentBytes: MIB / 2, owedBytes: MIB };

test('a session on a long link is congested while connections wait for each other', (t) => {
  const { link, connection, pass } = longLink(t);
  const [one, other] = [connection('one', true), connection('other', false)];
  Object.assign(one, waiting);
  pass(4_000);
  assert.equal(link.congested, 0, 'one connection waits for nobody');
  Object.assign(other, waiting);
  pass(800);
  assert.equal(link.congested, 0, 'for a moment');
  pass(400);
  assert.equal(link.congested, 1);
  pass(1_200);
  assert.equal(link.congested, 2, 'and again');
  Object.assign(other, { owedBytes: 4 * MIB });
  pass(4_000);
  assert.equal(link.congested, 2, 'its reader has stalled');
  Object.assign(other, waiting);
  link.roundTrip = 1;
  pass(4_000);
  assert.equal(link.congested, 2, 'a near peer needs no further session');
});

test('what BBR estimates is looked at while a connection waits in a session on a long link', (t) => {
  if (tcpOptions() === undefined) return t.skip('there is no BBR on this system');
  const { link, connection, pass } = longLink(t);
  const one = connection('one', true);
  pass(2_000);
  assert.equal(link.looks, 0, 'nothing waits');
  Object.assign(one, waiting);
  pass(800);
  assert.equal(link.looks, 2);
  link.roundTrip = 1;
  pass(800);
  assert.equal(link.looks, 2, 'the peer is near');
});

test('the links of a session know whether its round trip is long', (t) => {
  const { link, pass, links } = longLink(t);
  const one = links.link('one');
  assert.equal(one.isFar, true, 'also before the first look');
  pass(400);
  assert.equal(one.isFar, true);
  link.roundTrip = 1;
  assert.equal(one.isFar, false);
});

test('the connections that move most leave a congested session, as many as are asked for', (t) => {
  const { connection, pass, links, moves } = longLink(t);
  assert.equal(links.countBusy(), 0, 'a session without connections has no busy ones');
  pass(1_200);
  const all = ['a', 'b', 'c', 'idle'].map((name) => connection(name, true));
  all.push(connection('relayed', false));
  const move = (...kib: readonly number[]) => {
    for (const [index, each] of all.entries())
      Object.assign(each, { movedBytes: each.movedBytes + 1024 * (kib[index] ?? 0) });
  };
  move(100, 300, 200, 1, 900);
  assert.equal(links.countBusy(), 4, 'one that moves little is not busy');
  move(900, 0, 0, 0, 0);
  assert.equal(links.countBusy(), 4, 'not counted again so soon');
  links.relieve(2);
  assert.deepEqual(moves, ['b', 'c'], 'the busiest of those that can');
  assert.equal(links.countBusy(), undefined, 'those that move are counted elsewhere first');
  links.relieve(2);
  assert.deepEqual(moves, ['b', 'c']);
  pass(1_200);
  assert.equal(links.countBusy(), 1);
  pass(8_000);
  move(100, 100, 100, 100, 100);
  assert.equal(links.countBusy(), undefined, 'what moved in so long a time says nothing');
});

test('eight connections move at a time', (t) => {
  const { connection, pass, links, moves } = longLink(t);
  links.countBusy();
  const all = Array.from({ length: 20 }, (_, index) => connection(`c${index}`, true));
  pass(1_200);
  for (const each of all) Object.assign(each, { movedBytes: MIB });
  links.countBusy();
  links.relieve(10);
  assert.equal(moves.length, 8);
});
