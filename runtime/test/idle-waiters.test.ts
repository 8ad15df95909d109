import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { IdleWaiters } from '../src/idle-waiters.ts';

test('waiting resolves immediately while the owner is idle', async () => {
  await new IdleWaiters(() => true).wait();
});

test('every waiting caller is resolved once the owner has become idle', async () => {
  let items = 2;
  let resolved = 0;
  const waiters = new IdleWaiters(() => items === 0);
  for (let caller = 0; caller < 3; caller += 1) void waiters.wait().then(() => (resolved += 1));
  items -= 1;
  waiters.notify();
  await setImmediate();
  assert.equal(resolved, 0);
  items -= 1;
  waiters.notify();
  await setImmediate();
  assert.equal(resolved, 3);
});
