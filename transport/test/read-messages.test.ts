import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { MessageDecoder } from '@penstock/wire/codec';
import { readMessages } from '../src/read-messages.ts';

type Message = { readonly type: string };

/** One message for each chunk. */
const decoder = { push: () => [{ type: 'any' }] } as unknown as MessageDecoder<Message>;
const MESSAGES = 30;
/** Milliseconds of work on one message. */
const WORK_MS = 2;

test('a peer that has much to say leaves turns of the event loop to others', async () => {
  const stream = new PassThrough();
  const over = Promise.withResolvers<void>();
  let handled = 0;
  let inTurn = 0;
  let most = 0;
  const look = () => {
    inTurn = 0;
    if (handled < MESSAGES) setImmediate(look);
  };
  const onMessage = () => {
    const until = performance.now() + WORK_MS;
    while (performance.now() < until);
    handled += 1;
    inTurn += 1;
    most = Math.max(most, inTurn);
  };
  for (let sent = 0; sent < MESSAGES; sent += 1) stream.write('x');
  stream.end();
  readMessages(stream, decoder, { onMessage, onEnd: () => over.resolve() }, 'It closed the stream.', true);
  setImmediate(look);
  await over.promise;
  assert.equal(handled, MESSAGES, 'none is lost');
  assert.ok(most <= 4, `${most} messages in one turn`);
});
