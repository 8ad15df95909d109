import assert from 'node:assert/strict';
import { test } from 'node:test';
import { risingIds } from '@penstock/store';
import fc from 'fast-check';
import { type AlertRule, AlertTracker, MAX_TRACKED } from '../../src/alerts/tracker.ts';
import { alertRow, finding, findings } from './scene.ts';

const stale = finding('agent-stale', 'agent:a1');
const none = findings([]);
const rule = (wait: number, ...notify: string[]): AlertRule => ({ when: 'agent-stale', for: wait, notify });
const at = (now: number) => ({ now, date: 1_000_000 + now });
const newTracker = () => new AlertTracker(risingIds());
const told = ({ news }: ReturnType<AlertTracker['observe']>) =>
  news.map(({ receiver, kind }) => `${receiver} ${kind}`);

test('fires when it has held for long enough, once, and is over once', () => {
  const tracker = newTracker();
  const rules = [rule(100, 'ops')];
  const first = tracker.observe(findings([stale]), rules, at(0));
  assert.deepEqual([first.fired.length, first.due], [0, 100]);
  assert.equal(tracker.observe(findings([stale]), rules, at(99)).due, 1);
  const fires = tracker.observe(findings([stale]), rules, at(100));
  assert.deepEqual(told(fires), ['ops firing']);
  const [alert] = fires.fired;
  assert.deepEqual([alert?.since, alert?.firedAt, alert?.state], [1_000_000, 1_000_100, 'firing']);
  assert.deepEqual(told(tracker.observe(findings([stale]), rules, at(200))), []);
  assert.deepEqual(tracker.firing, fires.fired);
  const over = tracker.observe(none, rules, at(300));
  assert.deepEqual(told(over), ['ops resolved']);
  assert.deepEqual(over.resolved, [{ ...alert, state: 'resolved', resolvedAt: 1_000_300 }]);
  assert.deepEqual(told(tracker.observe(none, rules, at(400))), []);
  assert.deepEqual(tracker.firing, []);
});

test('what ends before its time fires not, and begins anew', () => {
  const tracker = newTracker();
  const rules = [rule(100, 'ops')];
  tracker.observe(findings([stale]), rules, at(0));
  tracker.observe(none, rules, at(50));
  const again = tracker.observe(findings([stale]), rules, at(100));
  assert.deepEqual([again.fired.length, again.due], [0, 100]);
});

test('rules of one condition make one alert, and each tells its receivers in its own time', () => {
  const tracker = newTracker();
  const rules = [rule(0, 'chat'), rule(100, 'pager', 'chat')];
  const first = tracker.observe(findings([stale]), rules, at(0));
  assert.deepEqual([told(first), first.due], [['chat firing'], 100]);
  assert.deepEqual(told(tracker.observe(findings([stale]), rules, at(100))), ['pager firing']);
  assert.deepEqual(told(tracker.observe(none, rules, at(200))), ['chat resolved', 'pager resolved']);
});

test('a receiver that a reload adds hears of what fires', () => {
  const tracker = newTracker();
  tracker.observe(findings([stale]), [rule(0, 'ops')], at(0));
  const more = tracker.observe(findings([stale]), [rule(0, 'ops', 'pager')], at(1));
  assert.deepEqual(told(more), ['pager firing']);
});

test('what nobody can tell stays as it was', () => {
  const tracker = newTracker();
  const rules = [rule(0, 'ops')];
  const unknown = findings([], ['agent-stale agent:a1']);
  assert.deepEqual(tracker.observe(unknown, rules, at(0)).fired, []);
  tracker.observe(findings([stale]), rules, at(1));
  assert.deepEqual(told(tracker.observe(unknown, rules, at(2))), []);
  assert.equal(tracker.firing.length, 1);
  assert.deepEqual(told(tracker.observe(none, rules, at(3))), ['ops resolved']);
});

test('an alert of before a restart is not announced again, and is over when it has ended', () => {
  const tracker = newTracker();
  const rules = [rule(60_000, 'ops')];
  const old = alertRow('a1', { subject: 'agent:a1', since: 0 });
  tracker.resume(old, ['ops'], at(0));
  assert.deepEqual(told(tracker.observe(findings([stale]), rules, at(1))), []);
  assert.deepEqual(tracker.firing, [old]);
  const over = tracker.observe(none, rules, at(2));
  assert.deepEqual([told(over), over.resolved[0]?.id], [['ops resolved'], 'a1']);
});

test('a condition that no rule asks for any more is over, even where nobody can tell', () => {
  const tracker = newTracker();
  tracker.observe(findings([stale]), [rule(0, 'ops')], at(0));
  const over = tracker.observe(findings([stale], ['agent-stale agent:a1']), [], at(1));
  assert.deepEqual(told(over), ['ops resolved']);
});

test('what is followed is bounded', () => {
  const tracker = newTracker();
  const holding = Array.from({ length: MAX_TRACKED + 5 }, (_, index) =>
    finding('agent-stale', `agent:a${index}`),
  );
  const { fired } = tracker.observe(findings(holding), [rule(0, 'ops')], at(0));
  assert.equal(fired.length, MAX_TRACKED);
});

test('whatever holds when: a receiver hears firing and resolved in turn, and last what is true', () => {
  const moments = fc.array(
    fc.record({
      holds: fc.subarray(['a1', 'a2', 'a3']),
      unknown: fc.subarray(['a1', 'a2']),
      pass: fc.nat(150),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(moments, fc.integer({ min: 0, max: 200 }), (steps, wait) => {
      const tracker = newTracker();
      const last = new Map<string, string>();
      let now = 0;
      for (const { holds, unknown, pass } of steps) {
        now += pass;
        const holding = holds.map((name) => finding('agent-stale', `agent:${name}`));
        const undecided = unknown.map((name) => `agent-stale agent:${name}`);
        const { news } = tracker.observe(findings(holding, undecided), [rule(wait, 'ops')], at(now));
        for (const { alert, kind } of news) {
          assert.notEqual(last.get(alert.subject) ?? 'resolved', kind);
          last.set(alert.subject, kind);
        }
        const firing = [...last].filter(([, kind]) => kind === 'firing').map(([subject]) => subject);
        assert.deepEqual(firing.sort(), tracker.firing.map(({ subject }) => subject).sort());
      }
    }),
  );
});
