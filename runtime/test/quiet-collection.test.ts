import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { collectWhenQuiet } from '../src/index.ts';

const MIB = 1024 * 1024;

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const state = { cpu: 0, heap: 30 * MIB, moved: 0 };
  const done: string[] = [];
  const stop = collectWhenQuiet({
    onQuiet: (isLong) => done.push(isLong ? 'drop everything' : 'drop caches'),
    dataMoved: () => state.moved,
    memory: {
      cpuTime: () => state.cpu,
      heapUsed: () => state.heap,
      collect(isThorough) {
        state.cpu += 1_000;
        done.push(isThorough ? 'thorough' : 'regular');
      },
      returnFreed() {
        state.cpu += 100;
        done.push('return');
      },
    },
  });
  t.after(stop);
  /** Lets seconds pass, in each of which the process uses so much CPU time and passes on so much. */
  const pass = (seconds: number, cpu: number, moved = 0) => {
    for (let second = 0; second < seconds; second += 1) {
      state.cpu += cpu;
      state.moved += moved;
      t.mock.timers.tick(1_000);
    }
    return done.splice(0);
  };
  return { state, stop, pass };
}

test('what a start has left is collected thoroughly, once', (t) => {
  const { pass } = setUp(t);
  assert.deepEqual(pass(2, 10), []);
  assert.deepEqual(pass(1, 10), ['drop everything', 'thorough']);
  assert.deepEqual(pass(1, 1), ['return'], 'a second later, when it has been freed');
  assert.deepEqual(pass(299, 1), []);
  const regular = ['drop everything', 'regular', 'return'];
  assert.deepEqual(
    pass(300, 10),
    Array(6).fill(regular).flat(),
    'heartbeats leave garbage, but no data was slowed down',
  );
});

test('after work, a pause is used once it is long, thoroughly and once', (t) => {
  const { pass } = setUp(t);
  pass(3, 0);
  assert.deepEqual(pass(10, 100, 5), []);
  assert.deepEqual(pass(2, 10), ['return']);
  assert.deepEqual(pass(10, 1_000, 5), []);
  assert.deepEqual(pass(19, 10), [], 'compiled code is kept for the next data');
  assert.deepEqual(pass(10, 1_000, 5), []);
  assert.deepEqual(pass(17, 10), []);
  assert.deepEqual(pass(1, 100), [], 'it works, though not for data');
  assert.deepEqual(pass(2, 10), []);
  assert.deepEqual(pass(1, 10), ['drop everything', 'regular']);
  assert.deepEqual(pass(16, 10), ['return']);
  assert.deepEqual(pass(1, 10), ['drop everything', 'thorough']);
  assert.deepEqual(pass(40, 10), ['return']);
});

test('a pause that data would have to wait for is short and rare', (t) => {
  const { pass } = setUp(t);
  pass(4, 0);
  pass(10, 100, 5);
  assert.deepEqual(pass(100, 10, 5), [], 'a trickle');
  pass(40, 100, 5);
  assert.deepEqual(pass(3, 10, 5), ['drop caches', 'regular']);
  assert.deepEqual(pass(300, 10, 5), ['return']);
});

test('a pause is no trickle because it begins with little data', (t) => {
  const { pass } = setUp(t);
  pass(4, 0);
  pass(10, 1_000, 5);
  assert.deepEqual(pass(1, 10, 1), []);
  assert.deepEqual(pass(18, 10), []);
});

test('clients that always come back before a pause is long leave no garbage for more than five minutes', (t) => {
  const { pass } = setUp(t);
  pass(4, 0);
  pass(9, 1_000, 5);
  const rounds = Array.from({ length: 120 }, () => [...pass(1, 100, 1), ...pass(4, 10)]);
  const collected = rounds.flatMap((done, round) => (done.includes('regular') ? [round] : []));
  assert.deepEqual(collected, [57, 117]);
});

test('what was freed is returned when nobody waits for it', (t) => {
  const { pass } = setUp(t);
  pass(3, 0);
  assert.deepEqual(pass(5, 100, 5), [], 'a busy time has begun');
  assert.deepEqual(pass(1, 10), ['return']);
});

test('a large heap is not collected thoroughly, as that would take long', (t) => {
  const { state, pass } = setUp(t);
  state.heap = 65 * MIB;
  pass(1, 1_000, 5);
  assert.deepEqual(pass(19, 0), []);
  assert.deepEqual(pass(1, 0), ['drop everything', 'regular']);
  assert.deepEqual(pass(60, 0), ['return']);
});

test('nothing is collected after the end', (t) => {
  const { stop, pass } = setUp(t);
  pass(1, 1_000);
  stop();
  assert.deepEqual(pass(10, 0), []);
});
