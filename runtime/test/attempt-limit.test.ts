import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttemptLimit, AttemptLimitError } from '../src/attempt-limit.ts';

const tooMany = (retryAfter: number) => (error: unknown) => {
  assert.ok(error instanceof AttemptLimitError);
  assert.equal(error.retryAfter, retryAfter);
  assert.match(error.message, new RegExp(`in ${retryAfter} s`));
  return true;
};

test('a source is refused after its failed attempts until the window ends', () => {
  let now = 0;
  const limit = new AttemptLimit({ maxAttempts: 2, windowMs: 10_000, clock: () => now });
  limit.take('a');
  now = 4000;
  limit.take('a');
  assert.throws(() => limit.take('a'), tooMany(6));
  limit.take('b');
  now = 10_000;
  limit.take('a');
});

test('forgiven attempts do not count', () => {
  const limit = new AttemptLimit({ maxAttempts: 2, windowMs: 10_000, clock: () => 0 });
  for (let round = 0; round < 10; round += 1) limit.take('a').forgive();
  const [first] = [limit.take('a'), limit.take('a')];
  assert.throws(() => limit.take('a'), tooMany(10));
  first?.forgive();
  limit.take('a');
});

test('check throws when an attempt would be refused and counts nothing', () => {
  const limit = new AttemptLimit({ maxAttempts: 1, windowMs: 10_000, clock: () => 0 });
  for (let round = 0; round < 10; round += 1) limit.check('a');
  limit.take('a');
  assert.throws(() => limit.check('a'), tooMany(10));
});

test('the number of remembered sources is bounded', () => {
  const limit = new AttemptLimit({ maxAttempts: 1, windowMs: 10_000, maxSources: 2, clock: () => 0 });
  for (const source of ['a', 'b', 'c']) limit.take(source);
  assert.throws(() => limit.take('c'), tooMany(10));
  limit.take('a');
});
