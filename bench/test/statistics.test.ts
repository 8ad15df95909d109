import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quantile, ratioOfMedians, rotate, summarize } from '../report/statistics.ts';

test('a median of an even number of samples is the mean of the middle two', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([7], 0.99), 7);
});

test('samples are compared as numbers', () => {
  assert.deepEqual(summarize([10, 9, 100]), { median: 10, min: 9, max: 100 });
});

test('an empty list of samples is an error, not zero', () => {
  assert.throws(() => quantile([], 0.5), /no samples/);
});

test('a quantile is within the samples and increases with the share', () => {
  const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(samples, share, share, (values, one, other) => {
      const low = quantile(values, Math.min(one, other));
      const high = quantile(values, Math.max(one, other));
      assert.ok(low >= Math.min(...values) && high <= Math.max(...values));
      assert.ok(low <= high + 1e-6);
    }),
  );
});

test('a ratio is computed from medians, and is undefined without samples or with a zero divisor', () => {
  assert.equal(ratioOfMedians([2, 4, 100], [1, 2, 3]), 2);
  assert.equal(ratioOfMedians([], [1]), undefined);
  assert.equal(ratioOfMedians([1], []), undefined);
  assert.equal(ratioOfMedians([1], [0]), undefined);
});

test('every item is first once in as many rounds as there are items', () => {
  const items = ['a', 'b', 'c'];
  const rounds = [0, 1, 2].map((round) => rotate(items, round));
  assert.deepEqual(rounds, [
    ['a', 'b', 'c'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b'],
  ]);
  assert.deepEqual(rotate(items, 3), items);
  assert.deepEqual(rotate([], 5), []);
});
