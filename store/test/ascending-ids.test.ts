import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ascendingIds } from '../src/ascending-ids.ts';

test('ids ascend, even within one millisecond', () => {
  const next = ascendingIds();
  const ids = Array.from({ length: 10_000 }, next);
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('an id that would be smaller becomes the successor of the last one', () => {
  const created = ['019a0000-0000-7000-8000-0000000000ff', '019a0000-0000-7000-8000-000000000001'];
  const next = ascendingIds(() => created.shift() ?? '');
  assert.equal(next(), '019a0000-0000-7000-8000-0000000000ff');
  assert.equal(next(), '019a0000-0000-7000-8000-000000000100');
});
