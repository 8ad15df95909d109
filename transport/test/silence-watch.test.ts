import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SilenceWatch } from '../src/index.ts';

/** A watch on a peer that has sent `received` bytes and owes something or not. */
function setUp(t: TestContext, roundTrip?: number) {
  t.mock.timers.enable({ apis: ['setInterval', 'setImmediate'] });
  const peer = { received: 0, owes: false, reports: 0 };
  const watch = new SilenceWatch(
    {
      bytesReceived: () => peer.received,
      roundTrip: () => roundTrip,
      onSilent: () => {
        peer.reports += 1;
      },
    },
    () => peer.owes,
  );
  watch.start();
  t.after(() => watch.stop());
  return { peer, watch, pass: (milliseconds: number) => t.mock.timers.tick(milliseconds) };
}

test('a peer that owes nothing may be silent', (t) => {
  const { peer, pass } = setUp(t);
  pass(10_000);
  assert.equal(peer.reports, 0);
});

test('a peer that owes something and is silent is reported once, until it sends a byte', (t) => {
  const { peer, pass } = setUp(t);
  pass(2_000);
  peer.owes = true;
  pass(400);
  assert.equal(peer.reports, 0, 'it may have been asked a moment ago');
  pass(400);
  assert.equal(peer.reports, 1);
  pass(10_000);
  assert.equal(peer.reports, 1);
  peer.received += 1;
  pass(400);
  pass(2_000);
  assert.equal(peer.reports, 2);
});

test('the end of a session a moment after this process was stopped is put down to that', async () => {
  const watch = new SilenceWatch(
    { bytesReceived: () => 0, roundTrip: () => undefined, onSilent: () => {} },
    () => false,
  );
  watch.start();
  try {
    assert.equal(watch.hasStalled, false);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    await turn();
    await turn();
    assert.equal(watch.hasStalled, true);
  } finally {
    watch.stop();
  }
});

test('a peer that is far away has two round trips', (t) => {
  const { peer, pass } = setUp(t, 600);
  pass(400);
  peer.owes = true;
  pass(4 * 400);
  assert.equal(peer.reports, 1, 'after 1.2 seconds');
});
