import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countLeft } from '../../test/rig/count-left.ts';
import { freeCaches } from '../src/free-caches.ts';
import { keepConnection } from '../src/last-connection.ts';

const isLeft = async (object: WeakRef<object>) => (await countLeft([object])) === 1;

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
