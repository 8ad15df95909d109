import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairItems } from '../src/index.ts';

test('the oldest item of the largest source goes first', () => {
  const items = new FairItems<string>();
  items.add('192.0.2.9', 'quiet');
  const first = items.add('192.0.2.1', 'a1');
  items.add('192.0.2.1', 'a2');
  items.add('192.0.2.2', 'b1');
  assert.equal(items.mostDispensable, 'a1');
  first();
  first();
  assert.equal(items.size, 3);
  assert.equal(items.mostDispensable, 'quiet', 'all have one: the oldest source');
  assert.deepEqual([...items].sort(), ['a2', 'b1', 'quiet']);
});

test('addresses of one IPv6 network are one source, and nothing is left of what was removed', () => {
  const items = new FairItems<number>();
  items.add('192.0.2.1', 0);
  const removals = Array.from({ length: 5 }, (_, index) => items.add(`2001:db8::${index}`, index + 1));
  assert.equal(items.mostDispensable, 1);
  for (const remove of removals) remove();
  assert.deepEqual([...items], [0]);
});
