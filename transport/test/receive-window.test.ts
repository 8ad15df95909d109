import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ApplyWindow,
  INITIAL_STREAM_WINDOW,
  streamWindow,
  WindowBudget,
} from '../src/receive-window.ts';

const MIB = 1024 * 1024;

/** Records each window, and acknowledges it immediately or on demand. */
function peer({ answers = true } = {}) {
  const windows: number[] = [];
  const unanswered: (() => void)[] = [];
  const apply: ApplyWindow = (bytes, acknowledged) => {
    windows.push(bytes);
    if (answers) acknowledged();
    else unanswered.push(acknowledged);
  };
  return { windows, unanswered, apply };
}

test('a window is proportional to the round trip, between 1 and 16 MiB', () => {
  assert.equal(streamWindow(0.1, 1, 1024 * MIB), MIB);
  assert.equal(streamWindow(20, 1, 1024 * MIB), 4 * MIB);
  assert.equal(streamWindow(40, 1, 1024 * MIB), 8 * MIB);
  assert.equal(streamWindow(1000, 1, 1024 * MIB), 16 * MIB);
});

test('a window is never more than its share of the budget, and never less than 64 KiB', () => {
  assert.equal(streamWindow(1000, 64, 64 * MIB), MIB);
  assert.equal(streamWindow(1000, 100, 64 * MIB), MIB / 2);
  assert.equal(streamWindow(1000, 1_000_000, 64 * MIB), 64 * 1024);
});

test('a new session to a nearby peer changes no window', () => {
  const budget = new WindowBudget(256 * MIB);
  const { windows, apply } = peer();
  const share = budget.join(apply);
  share.setRoundTrip(0.3);
  share.streamOpened();
  assert.deepEqual(windows, []);
  assert.equal(INITIAL_STREAM_WINDOW, MIB);
});

test('many streams shrink the windows of all sessions, and few enlarge them again', () => {
  const budget = new WindowBudget(16 * MIB);
  const busy = peer();
  const quiet = peer();
  const share = budget.join(busy.apply);
  budget.join(quiet.apply);
  for (let count = 0; count < 100; count += 1) share.streamOpened();
  assert.deepEqual(busy.windows, [MIB / 2, MIB / 4, MIB / 8]);
  assert.deepEqual(quiet.windows, busy.windows);
  for (let count = 0; count < 100; count += 1) share.streamClosed();
  assert.deepEqual(busy.windows.slice(3), [MIB / 4, MIB / 2, MIB]);
});

test('a stream opening and closing at a boundary does not change the windows each time', () => {
  for (let streams = 0; streams < 70; streams += 1) {
    const budget = new WindowBudget(4 * MIB);
    const { windows, apply } = peer();
    const share = budget.join(apply);
    for (let count = 0; count < streams; count += 1) share.streamOpened();
    const before = windows.length;
    for (let count = 0; count < 50; count += 1) {
      share.streamOpened();
      share.streamClosed();
    }
    assert.ok(windows.length <= before + 1, `${windows.length - before} changes at ${streams} streams.`);
  }
});

test('one change is outstanding at a time, and the last one wins', () => {
  const budget = new WindowBudget(16 * MIB);
  const { windows, unanswered, apply } = peer({ answers: false });
  const share = budget.join(apply);
  for (let count = 0; count < 1000; count += 1) share.streamOpened();
  assert.equal(windows.length, 1);
  unanswered.shift()?.();
  assert.equal(windows.length, 2);
  assert.equal(windows.at(-1), 64 * 1024);
  unanswered.shift()?.();
  assert.equal(windows.length, 2);
});

test('a released session gets no changes, and its share goes to the others', () => {
  const budget = new WindowBudget(16 * MIB);
  const lost = peer({ answers: false });
  const kept = peer();
  const lostShare = budget.join(lost.apply);
  const keptShare = budget.join(kept.apply);
  for (let count = 0; count < 64; count += 1) lostShare.streamOpened();
  assert.equal(kept.windows.at(-1), MIB / 4);
  lostShare.release();
  lostShare.release();
  assert.equal(kept.windows.at(-1), MIB);
  // The streams of a lost session close after it.
  for (let count = 0; count < 64; count += 1) lostShare.streamClosed();
  lost.unanswered[0]?.();
  assert.equal(lost.windows.length, 1);
  kept.windows.length = 0;
  for (let count = 0; count < 64; count += 1) keptShare.streamOpened();
  assert.equal(kept.windows.at(-1), MIB / 4);
});

test('windows are always powers of two within bounds, and their sum stays within the budget', () => {
  const event = fc.record({
    session: fc.nat({ max: 3 }),
    what: fc.constantFrom('open', 'close', 'release', 'answer', 'near', 'far'),
    times: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 16, max: 512 }), (events, mib) => {
      const budget = new WindowBudget(mib * MIB);
      const sessions = [0, 1, 2, 3].map(() => {
        const known = peer({ answers: false });
        return { ...known, share: budget.join(known.apply), streams: 0, released: false };
      });
      for (const { session: index, what, times } of events) {
        const session = sessions[index];
        assert.ok(session !== undefined);
        for (let count = 0; count < times; count += 1) {
          if (what === 'open') session.share.streamOpened();
          if (what === 'close' && session.streams > 0) session.share.streamClosed();
          if (session.released) continue;
          if (what === 'open') session.streams += 1;
          if (what === 'close' && session.streams > 0) session.streams -= 1;
        }
        if (what === 'release') {
          session.share.release();
          session.released = true;
          session.streams = 0;
        }
        if (what === 'near') session.share.setRoundTrip(0.5);
        if (what === 'far') session.share.setRoundTrip(150);
        assert.ok(session.unanswered.length <= 1);
        if (what === 'answer') session.unanswered.shift()?.();
      }
      let promised = 0;
      for (const session of sessions) {
        while (session.unanswered.length > 0) session.unanswered.shift()?.();
        for (const bytes of session.windows) {
          assert.ok(
            Number.isInteger(Math.log2(bytes)) && bytes >= 64 * 1024 && bytes <= 16 * MIB,
            `${bytes}`,
          );
        }
        promised += session.streams * (session.windows.at(-1) ?? INITIAL_STREAM_WINDOW);
      }
      const streams = sessions.reduce((sum, session) => sum + session.streams, 0);
      assert.ok(promised <= Math.max(mib * MIB, streams * 64 * 1024), `${promised} of ${mib} MiB promised.`);
    }),
  );
});
