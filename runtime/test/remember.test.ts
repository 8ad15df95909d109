import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remember } from '@penstock/runtime';

function counted(count: number) {
  const computed: string[] = [];
  const upper = remember(count, (text) => {
    computed.push(text);
    return text.toUpperCase();
  });
  return { upper, computed };
}

test('a result is computed once', () => {
  const { upper, computed } = counted(2);
  assert.deepEqual([upper('a'), upper('a'), upper('b'), upper('a')], ['A', 'A', 'B', 'A']);
  assert.deepEqual(computed, ['a', 'b']);
});

test('what is in use stays, however much else comes by', () => {
  const { upper, computed } = counted(2);
  for (let number = 0; number < 100; number++) {
    upper('used');
    upper(String(number));
  }
  assert.equal(computed.filter((text) => text === 'used').length, 1);
});

test('what is not in use is forgotten', () => {
  const { upper, computed } = counted(2);
  for (const text of ['old', '1', '2', '3', '4', '5', 'old']) upper(text);
  assert.equal(computed.filter((text) => text === 'old').length, 2);
});
