import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from '../report/table.ts';

test('columns are as wide as their widest cell, and lines have no trailing spaces', () => {
  const text = table(
    [
      { title: 'what', align: 'left' },
      { title: 'n', align: 'right' },
      { title: 'note', align: 'left' },
    ],
    [
      ['throughput', '7', ''],
      ['up', '1234', 'x'],
    ],
  );
  assert.deepEqual(text.split('\n'), [
    'what           n  note',
    '----------  ----  ----',
    'throughput     7',
    'up          1234  x',
  ]);
});

test('a table without rows consists of its titles', () => {
  assert.equal(table([{ title: 'what', align: 'left' }], []), 'what\n----');
});
