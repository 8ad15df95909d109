import assert from 'node:assert/strict';
import { executionAsyncResource } from 'node:async_hooks';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepTickShape, keptTick } from '../src/tick-shape.ts';

setFlagsFromString('--allow-natives-syntax');
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: object) => void;
const haveSameShape = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
  one: object | undefined,
  other: object | undefined,
) => boolean;

const nextTick = () =>
  new Promise<object>((resolve) => process.nextTick(() => resolve(executionAsyncResource())));

test('the object that is kept has the shape of every tick, also after a thorough collection', async () => {
  keepTickShape();
  await nextTick();
  // Between turns, when no other tick lives.
  await new Promise(setImmediate);
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const next = await nextTick();
  assert.notEqual(keptTick(), next);
  assert.ok(haveSameShape(keptTick(), next));
  assert.ok(Object.hasOwn(next, 'callback'), 'the resource of a tick is the object that Node makes for it');
});
