import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LinkListener, SessionLinks } from '../src/index.ts';

const quiet: LinkListener = {
  isOwed: false,
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
