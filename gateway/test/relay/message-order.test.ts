import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageOrder, type NumberedMessage } from '../../src/relay/message-order.ts';

const numbered = (type: NumberedMessage['type'], seq: number) => ({ type, seq }) as NumberedMessage;

test('messages count from a snapshot on, in order, until one is missing', () => {
  const order = new MessageOrder();
  const take = (type: NumberedMessage['type'], seq: number) => order.take(numbered(type, seq));
  assert.equal(take('tick', 1), 'worthless');
  assert.deepEqual([take('snapshot', 7), take('tick', 8), take('ended', 9)], ['counts', 'counts', 'counts']);
  assert.deepEqual([take('tick', 11), take('tick', 12)], ['gap', 'worthless']);
  assert.deepEqual([take('snapshot', 20), take('tick', 21)], ['counts', 'counts']);
  order.restart();
  assert.deepEqual([take('tick', 22), take('snapshot', 1)], ['worthless', 'counts']);
});
