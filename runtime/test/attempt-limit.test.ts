import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '@penstock/wire';
import { AttemptLimit, sourceOf } from '../src/attempt-limit.ts';

const tooMany = (retryAfter: number) => (error: unknown) => {
  assert.ok(error instanceof ProblemError);
  assert.equal(error.code, 'TOO_MANY_REQUESTS');
  assert.equal(error.retryAfter, retryAfter);
  return true;
};

test('a source may fail so often in a window, says for how long not, and then again', () => {
  let now = 0;
  const limit = new AttemptLimit({ attempts: 2, window: 10_000, clock: () => now });
  limit.take('a');
  now = 4000;
  limit.take('a');
  assert.throws(() => limit.take('a'), tooMany(6));
  limit.take('b');
  now = 10_000;
  limit.take('a');
});

test('what went well does not count', () => {
  const limit = new AttemptLimit({ attempts: 2, window: 10_000, clock: () => 0 });
  for (let round = 0; round < 10; round += 1) limit.take('a').forgive();
  const [first] = [limit.take('a'), limit.take('a')];
  assert.throws(() => limit.take('a'), tooMany(10));
  first?.forgive();
  limit.take('a');
});

test('the number of sources remembered is bounded', () => {
  const limit = new AttemptLimit({ attempts: 1, window: 10_000, sources: 2, clock: () => 0 });
  for (const source of ['a', 'b', 'c']) limit.take(source);
  assert.throws(() => limit.take('c'), tooMany(10));
  limit.take('a');
});

test('an IPv6 host is its /64, a mapped IPv4 address is itself', () => {
  assert.equal(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:2:ffff::9'));
  assert.notEqual(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:3::1'));
  assert.equal(sourceOf('::ffff:192.0.2.1'), '192.0.2.1');
  assert.notEqual(sourceOf('192.0.2.1'), sourceOf('192.0.2.2'));
  assert.equal(sourceOf('a pipe'), 'a pipe');
});
