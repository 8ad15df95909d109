import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countLeft } from '../../test/rig/count-left.ts';
import { BriefSet } from '../src/brief-set.ts';

const member = (name: string) => ({ name });
const namesOf = (set: Iterable<{ readonly name: string }>) => [...set].map(({ name }) => name);

test('a set has what was added and has not left', () => {
  const set = new BriefSet<{ readonly name: string }>();
  const [first, middle, last] = ['a', 'b', 'c'].map((name) => set.add(member(name)));
  assert.deepEqual([namesOf(set), set.size], [['a', 'b', 'c'], 3]);
  middle?.();
  middle?.();
  assert.deepEqual([namesOf(set), set.size], [['a', 'c'], 2]);
  last?.();
  set.add(member('d'));
  first?.();
  assert.deepEqual([namesOf(set), set.size], [['d'], 1]);
  set.clear();
  assert.deepEqual([namesOf(set), set.size], [[], 0]);
  last?.();
  assert.equal(set.size, 0);
});

test('members may leave and join while others are read', () => {
  const set = new BriefSet<{ readonly name: string }>();
  const leave = new Map(['a', 'b', 'c', 'd'].map((name) => [name, set.add(member(name))]));
  const read: string[] = [];
  for (const { name } of set) {
    read.push(name);
    leave.get(name)?.();
    if (name === 'a') leave.get('b')?.();
    set.add(member('e'));
  }
  assert.deepEqual(read, ['a', 'c', 'd']);
  assert.deepEqual(namesOf(set), ['e', 'e', 'e']);
});

test('what is left of a member keeps no other one alive', async () => {
  const set = new BriefSet<object>();
  const leaveFirst = set.add({});
  const leaving: (() => void)[] = [];
  const objects = Array.from({ length: 1_000 }, (_, index) => {
    const object = { index };
    leaving.push(set.add(object));
    if (index === 5) leaveFirst();
    if (index >= 10) leaving.shift()?.();
    return new WeakRef(object);
  });
  assert.equal(await countLeft(objects), 10);
  assert.equal(set.size, 10);
  // Refers to the first one until here.
  leaveFirst();
});
