import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countLeft } from '../../test/rig/count-left.ts';
import { BriefMap } from '../src/brief-map.ts';

test('a map has what was set last and not deleted, in the order of the keys', () => {
  const map = new BriefMap<string, number>();
  map.set('a', 1);
  map.set('b', 2);
  map.set('c', 3);
  map.set('a', 4);
  assert.equal(map.size, 3);
  assert.deepEqual([...map.values()], [4, 2, 3]);
  assert.ok(map.delete('b'));
  assert.ok(!map.delete('b'));
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c')], [4, undefined, 3]);
  assert.deepEqual([map.has('a'), map.has('b'), map.size], [true, false, 2]);
  map.set('b', 5);
  assert.deepEqual([...map.values()], [4, 3, 5]);
  map.clear();
  assert.deepEqual([map.size, map.get('a'), [...map.values()]], [0, undefined, []]);
});

test('values that are deleted while they are read are left out', () => {
  const map = new BriefMap<number, string>();
  for (const each of [1, 2, 3]) map.set(each, String(each));
  const read: string[] = [];
  for (const value of map.values()) {
    read.push(value);
    map.delete(2);
  }
  assert.deepEqual(read, ['1', '3']);
});

/** Adds and removes objects, a few at a time. */
function turnOver(map: {
  set(key: number, value: object): unknown;
  delete(key: number): unknown;
}): WeakRef<object>[] {
  return Array.from({ length: 1_000 }, (_, key) => {
    const value = { key };
    map.set(key, value);
    if (key >= 10) map.delete(key - 10);
    return new WeakRef(value);
  });
}

test('a table that is left from earlier keeps none that was removed alive', async () => {
  const map = new BriefMap<number, object>();
  map.set(-1, {});
  map.set(-2, {});
  // An iterator refers to the table that the map has now, as a dead table in the old generation does to the next one.
  const ofNow = map.values();
  ofNow.next();
  const objects = turnOver(map);
  assert.equal(await countLeft(objects), 10);
  assert.equal(map.size, 12);
  assert.equal([...ofNow].length, 11);
});
