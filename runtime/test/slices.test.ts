import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../test/rig/fake-clock.ts';
import { inSlices, MAX_SLICE_ITEMS } from '../src/slices.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test('a slice handles a bounded number of items, and the first one runs immediately', async () => {
  const clock = fakeClock();
  const done: number[] = [];
  const finished = inSlices(numbers(3 * MAX_SLICE_ITEMS), (item) => done.push(item), clock);
  assert.equal(done.length, MAX_SLICE_ITEMS);
  await clock.pass(0);
  await finished;
  assert.deepEqual(done, numbers(3 * MAX_SLICE_ITEMS));
});

test('a slice ends when its time is used up', async () => {
  const clock = fakeClock();
  let turns = 1;
  const counting = {
    ...clock,
    afterPoll(callback: () => void) {
      turns += 1;
      return clock.afterPoll(callback);
    },
  };
  // Each item takes as long as a whole slice may.
  const finished = inSlices(numbers(5), () => clock.block(1), counting);
  await clock.pass(10);
  await finished;
  assert.equal(turns, 6, 'the end is found in a turn of its own');
});

test('items that are added or removed while the work is under way count as they are when their turn comes', async () => {
  const clock = fakeClock();
  const items = new Set(numbers(MAX_SLICE_ITEMS + 1));
  const done: number[] = [];
  const finished = inSlices(items, (item) => done.push(item), clock);
  items.add(-1);
  items.delete(MAX_SLICE_ITEMS);
  await clock.pass(0);
  await finished;
  assert.deepEqual(done, [...numbers(MAX_SLICE_ITEMS), -1]);
});

test('an aborted signal ends the work, and no callback stays behind', async () => {
  const clock = fakeClock();
  const abort = new AbortController();
  let done = 0;
  const count = () => {
    done += 1;
  };
  const finished = inSlices(numbers(1_000), count, clock, abort.signal);
  abort.abort();
  await finished;
  assert.equal(done, MAX_SLICE_ITEMS);
  assert.deepEqual(clock.waiting, []);
});

test('an error of a step rejects', async () => {
  const failing = () => {
    throw new Error('This item is bad.');
  };
  await assert.rejects(inSlices([1], failing, fakeClock()), /This item is bad/);
});
