import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { freeCaches } from '../src/free-caches.ts';
import { keepConnection } from '../src/last-connection.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Whether an object is left after a collection. What was read of a WeakRef lives until the turn ends. */
async function isLeft(object: WeakRef<object>): Promise<boolean> {
  await setImmediate();
  collect();
  await setImmediate();
  return object.deref() !== undefined;
}

function keepNew(): WeakRef<object> {
  const connection = { bytes: 1 };
  keepConnection(connection);
  return new WeakRef(connection);
}

test('the last connection is kept until a thorough collection', async () => {
  const connection = keepNew();
  freeCaches(false);
  assert.ok(await isLeft(connection));
  freeCaches(true);
  assert.ok(!(await isLeft(connection)));
});

test('the next connection takes the place of the last one', async () => {
  const first = keepNew();
  const second = keepNew();
  assert.ok(!(await isLeft(first)));
  assert.ok(await isLeft(second));
  freeCaches(true);
});
