import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Semaphore } from '../src/semaphore.ts';

test('as many callers as there are permits work concurrently; the others follow in order', async () => {
  const semaphore = new Semaphore(2);
  const order: number[] = [];
  const releases: (() => void)[] = [];
  const work = async (id: number) => {
    releases.push(await semaphore.acquire());
    order.push(id);
  };
  const all = [1, 2, 3, 4].map(work);
  await setImmediate();
  assert.deepEqual(order, [1, 2]);
  assert.equal(semaphore.waiting, 2);
  releases.shift()?.();
  await setImmediate();
  assert.deepEqual(order, [1, 2, 3]);
  for (const release of releases.splice(0)) release();
  await Promise.all(all);
  assert.deepEqual(order, [1, 2, 3, 4]);
  assert.equal(semaphore.waiting, 0);
});

test('a returned permit goes to the first waiting caller, ahead of new callers', async () => {
  const semaphore = new Semaphore(1);
  const release = semaphore.tryAcquire();
  assert.ok(release);
  const waiting = semaphore.acquire();
  release();
  assert.equal(semaphore.tryAcquire(), undefined);
  (await waiting)();
  assert.ok(semaphore.tryAcquire());
});

test('a permit that is released twice is returned once', () => {
  const semaphore = new Semaphore(1);
  const release = semaphore.tryAcquire();
  release?.();
  release?.();
  assert.ok(semaphore.tryAcquire());
  assert.equal(semaphore.tryAcquire(), undefined);
});
