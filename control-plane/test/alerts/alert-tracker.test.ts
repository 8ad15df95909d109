import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { ascendingIds } from '@penstock/store';
import fc from 'fast-check';
import {
  type AlertChanges,
  type AlertRule,
  AlertTracker,
  MAX_TRACKED_ALERTS,
} from '../../src/alerts/alert-tracker.ts';
import { activeCondition, alertRow, evaluation } from './scene.ts';

const stale = activeCondition('agent-stale', 'agent:a1');
const none = evaluation([]);
const rule = (wait: number, ...receivers: string[]): AlertRule => ({
  condition: 'agent-stale',
  for: wait,
  receivers,
});
const at = (now: number) => ({ now, date: 1_000_000 + now });
const newTracker = () => new AlertTracker(ascendingIds(), systemClock);
const notified = ({ notifications }: AlertChanges) =>
  notifications.map(({ receiver, kind }) => `${receiver} ${kind}`);

test('an alert fires once after its condition has held for long enough, and is resolved once', async () => {
  const tracker = newTracker();
  const rules = [rule(100, 'ops')];
  const first = await tracker.observe(evaluation([stale]), rules, at(0));
  assert.deepEqual([first.fired.length, first.due], [0, 100]);
  assert.equal((await tracker.observe(evaluation([stale]), rules, at(99))).due, 1);
  const fires = await tracker.observe(evaluation([stale]), rules, at(100));
  assert.deepEqual(notified(fires), ['ops firing']);
  const [alert] = fires.fired;
  assert.deepEqual([alert?.since, alert?.firedAt, alert?.state], [1_000_000, 1_000_100, 'firing']);
  assert.deepEqual(notified(await tracker.observe(evaluation([stale]), rules, at(200))), []);
  assert.deepEqual(tracker.firing, fires.fired);
  const resolving = await tracker.observe(none, rules, at(300));
  assert.deepEqual(notified(resolving), ['ops resolved']);
  assert.deepEqual(resolving.resolved, [{ ...alert, state: 'resolved', resolvedAt: 1_000_300 }]);
  assert.deepEqual(notified(await tracker.observe(none, rules, at(400))), []);
  assert.deepEqual(tracker.firing, []);
});

test('a condition that ends before its `for` does not fire, and starts over', async () => {
  const tracker = newTracker();
  const rules = [rule(100, 'ops')];
  await tracker.observe(evaluation([stale]), rules, at(0));
  await tracker.observe(none, rules, at(50));
  const again = await tracker.observe(evaluation([stale]), rules, at(100));
  assert.deepEqual([again.fired.length, again.due], [0, 100]);
});

test('several rules of one condition make one alert, and each notifies its receivers after its own `for`', async () => {
  const tracker = newTracker();
  const rules = [rule(0, 'chat'), rule(100, 'pager', 'chat')];
  const first = await tracker.observe(evaluation([stale]), rules, at(0));
  assert.deepEqual([notified(first), first.due], [['chat firing'], 100]);
  assert.deepEqual(notified(await tracker.observe(evaluation([stale]), rules, at(100))), ['pager firing']);
  assert.deepEqual(notified(await tracker.observe(none, rules, at(200))), [
    'chat resolved',
    'pager resolved',
  ]);
});

test('a receiver added by a reload is notified of firing alerts', async () => {
  const tracker = newTracker();
  await tracker.observe(evaluation([stale]), [rule(0, 'ops')], at(0));
  const more = await tracker.observe(evaluation([stale]), [rule(0, 'ops', 'pager')], at(1));
  assert.deepEqual(notified(more), ['pager firing']);
});

test('an undecided alert keeps its state', async () => {
  const tracker = newTracker();
  const rules = [rule(0, 'ops')];
  const unknown = evaluation([], ['agent-stale agent:a1']);
  assert.deepEqual((await tracker.observe(unknown, rules, at(0))).fired, []);
  await tracker.observe(evaluation([stale]), rules, at(1));
  assert.deepEqual(notified(await tracker.observe(unknown, rules, at(2))), []);
  assert.equal(tracker.firing.length, 1);
  assert.deepEqual(notified(await tracker.observe(none, rules, at(3))), ['ops resolved']);
});

test('an alert of before a restart is not announced again, and is over when it has ended', async () => {
  const tracker = newTracker();
  const rules = [rule(60_000, 'ops')];
  const old = alertRow('a1', { subject: 'agent:a1', since: 0 });
  tracker.resume(old, ['ops'], at(0));
  assert.deepEqual(notified(await tracker.observe(evaluation([stale]), rules, at(1))), []);
  assert.deepEqual(tracker.firing, [old]);
  const resolving = await tracker.observe(none, rules, at(2));
  assert.deepEqual([notified(resolving), resolving.resolved[0]?.id], [['ops resolved'], 'a1']);
});

test('an alert whose condition has no rule any more is resolved, even when it is undecided', async () => {
  const tracker = newTracker();
  await tracker.observe(evaluation([stale]), [rule(0, 'ops')], at(0));
  const resolving = await tracker.observe(evaluation([stale], ['agent-stale agent:a1']), [], at(1));
  assert.deepEqual(notified(resolving), ['ops resolved']);
});

test('the number of tracked alerts is bounded', async () => {
  const tracker = newTracker();
  const active = Array.from({ length: MAX_TRACKED_ALERTS + 5 }, (_, index) =>
    activeCondition('agent-stale', `agent:a${index}`),
  );
  const { fired } = await tracker.observe(evaluation(active), [rule(0, 'ops')], at(0));
  assert.equal(fired.length, MAX_TRACKED_ALERTS);
});

test('in any sequence, a receiver gets firing and resolved alternately, and the last one is the current state', async () => {
  const moments = fc.array(
    fc.record({
      holds: fc.subarray(['a1', 'a2', 'a3']),
      unknown: fc.subarray(['a1', 'a2']),
      pass: fc.nat(150),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(moments, fc.integer({ min: 0, max: 200 }), async (steps, wait) => {
      const tracker = newTracker();
      const last = new Map<string, string>();
      let now = 0;
      for (const { holds, unknown, pass } of steps) {
        now += pass;
        const active = holds.map((name) => activeCondition('agent-stale', `agent:${name}`));
        const undecided = unknown.map((name) => `agent-stale agent:${name}`);
        const { notifications } = await tracker.observe(
          evaluation(active, undecided),
          [rule(wait, 'ops')],
          at(now),
        );
        for (const { alert, kind } of notifications) {
          assert.notEqual(last.get(alert.subject) ?? 'resolved', kind);
          last.set(alert.subject, kind);
        }
        const firing = [...last].filter(([, kind]) => kind === 'firing').map(([subject]) => subject);
        assert.deepEqual(firing.sort(), tracker.firing.map(({ subject }) => subject).sort());
      }
    }),
  );
});

test('receivers are not notified of a silenced alert until the silence has ended', async () => {
  const tracker = newTracker();
  const rules = [rule(0, 'ops')];
  const quiet = await tracker.observe(evaluation([stale]), rules, at(0), () => true);
  assert.deepEqual([quiet.fired.length, notified(quiet)], [1, []]);
  const ended = await tracker.observe(evaluation([stale]), rules, at(1), () => false);
  assert.deepEqual([ended.fired.length, notified(ended)], [0, ['ops firing']]);
  // Whoever knows that it fires is told that it is over.
  assert.deepEqual(notified(await tracker.observe(none, rules, at(2), () => true)), ['ops resolved']);
});

test('receivers are not notified that an alert is resolved of which they have never heard', async () => {
  const tracker = newTracker();
  const rules = [rule(0, 'ops')];
  await tracker.observe(evaluation([stale]), rules, at(0), () => true);
  assert.deepEqual(notified(await tracker.observe(none, rules, at(1), () => true)), []);
});
