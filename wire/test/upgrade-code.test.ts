import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isVersionFailure } from '../src/index.ts';

test('what happened around a version does not count as its failure, and an unknown code does', () => {
  assert.ok(!isVersionFailure('GATEWAY_UNREACHABLE'));
  assert.ok(!isVersionFailure('WINDOW_CLOSED'));
  assert.ok(!isVersionFailure('DISK_FULL'));
  assert.ok(!isVersionFailure('STATE_UNWRITABLE'));
  assert.ok(isVersionFailure('EXITED'));
  assert.ok(isVersionFailure('FROM_THE_FUTURE'));
});
