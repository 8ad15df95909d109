import assert from 'node:assert/strict';
import { executionAsyncResource } from 'node:async_hooks';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { keepTickShape, keptTick } from '../src/tick-shape.ts';

setFlagsFromString('--allow-natives-syntax');
const haveSameShape = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
  one: object | undefined,
  other: object | undefined,
) => boolean;

test('the object that is kept has the shape of every tick', async () => {
  const { promise, resolve } = Promise.withResolvers<object>();
  keepTickShape();
  process.nextTick(() => resolve(executionAsyncResource()));
  const next = await promise;
  assert.notEqual(keptTick(), next);
  assert.ok(haveSameShape(keptTick(), next));
  assert.ok(Object.hasOwn(next, 'callback'), 'the resource of a tick is the object that Node makes for it');
});
