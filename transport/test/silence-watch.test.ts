import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SilenceWatch } from '../src/index.ts';

/** A watch on a peer that has sent `received` bytes and owes something or not. */
function setUp(t: TestContext, roundTrip?: number) {
  t.mock.timers.enable({ apis: ['setInterval', 'setImmediate'] });
  const time = { now: 1_000 };
  t.mock.method(performance, 'now', () => time.now);
  const peer = { received: 0, owes: false, reports: 0, sent: 0, proofs: 0 };
  const watch = new SilenceWatch(
    {
      bytesReceived: () => peer.received,
      roundTrip: () => roundTrip,
      onSilent: () => {
        peer.reports += 1;
      },
    },
    {
      isOwed: () => peer.owes,
      messagesSent: () => peer.sent,
      sendKeepalive() {
        peer.proofs += 1;
      },
    },
  );
  watch.start();
  t.after(() => watch.stop());
  // The immediates of one step run only at its end.
  const pass = (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      time.now += 100;
      t.mock.timers.tick(100);
    }
  };
  return { peer, watch, pass, time };
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

test('looks that are close to each other do not count as time', (t) => {
  const { peer, pass, time } = setUp(t);
  pass(2_000);
  peer.owes = true;
  pass(400);
  time.now -= 300;
  pass(400);
  assert.equal(peer.reports, 0, 'a tenth of a second after the first look');
  pass(400);
  assert.equal(peer.reports, 1);
});

test('a time in which this process was blocked does not count', (t) => {
  const { peer, pass, time } = setUp(t);
  pass(2_000);
  peer.owes = true;
  pass(400);
  time.now += 1_000;
  pass(400);
  assert.equal(peer.reports, 0);
  pass(400);
  assert.equal(peer.reports, 1);
});

test('the end of a session a moment after this process was stopped is put down to that', async () => {
  const watch = new SilenceWatch(
    { bytesReceived: () => 0, roundTrip: () => undefined, onSilent: () => {} },
    { isOwed: () => false, messagesSent: () => 0, sendKeepalive() {} },
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

test('data that cannot be acknowledged yet is answered by a keepalive, and a keepalive is not', (t) => {
  const { peer, pass } = setUp(t);
  const arrive = (ticks: number, bytes: number) => {
    for (let tick = 0; tick < ticks; tick += 1) {
      peer.received += bytes;
      pass(400);
    }
  };
  arrive(3, 50_000);
  peer.sent += 1;
  arrive(4, 50_000);
  assert.equal(peer.proofs, 0, 'an acknowledgment was sent in the meantime');
  arrive(1, 50_000);
  assert.equal(peer.proofs, 1);
  peer.sent += 1;
  arrive(20, 200);
  assert.equal(peer.proofs, 1, 'those were keepalives');
});

test('one timer serves all watches, and ends with the last one', (t) => {
  const first = setUp(t);
  const started = t.mock.method(globalThis, 'setInterval').mock;
  const stopped = t.mock.method(globalThis, 'clearInterval').mock;
  const second = new SilenceWatch(
    { bytesReceived: () => 0, roundTrip: () => undefined, onSilent: () => second.stop() },
    { isOwed: () => true, messagesSent: () => 0, sendKeepalive() {} },
  );
  second.start();
  first.pass(10_000);
  first.peer.owes = true;
  first.pass(10_000);
  assert.equal(first.peer.reports, 1, 'the other one has stopped');
  assert.equal(started.callCount(), 0, 'the second watch has no timer of its own');
  assert.equal(stopped.callCount(), 0, 'the first one still needs it');
  first.watch.stop();
  assert.equal(stopped.callCount(), 1);
});

test('many watches take no more than a millisecond or so of one turn', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let checks = 0;
  let checksInTurn = 0;
  let most = 0;
  const busy = () => {
    const end = performance.now() + 0.5;
    while (performance.now() < end);
    checks += 1;
    checksInTurn += 1;
    most = Math.max(most, checksInTurn);
    return false;
  };
  const watches = Array.from({ length: 20 }, () => {
    const port = { bytesReceived: () => 0, roundTrip: () => undefined, onSilent: () => {} };
    return new SilenceWatch(port, { isOwed: busy, messagesSent: () => 0, sendKeepalive() {} });
  });
  for (const watch of watches) watch.start();
  t.after(() => {
    for (const watch of watches) watch.stop();
  });
  t.mock.timers.tick(400);
  t.mock.timers.tick(400);
  for (let turns = 0; checks < watches.length; turns += 1) {
    assert.ok(turns < 100, `${checks} of ${watches.length} watches looked`);
    await turn();
    checksInTurn = 0;
  }
  await turn();
  assert.equal(checks, watches.length, 'the tick in between is left out');
  assert.ok(most <= 3, `${most} checks of half a millisecond in one turn`);
});
