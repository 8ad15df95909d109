import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UntoldEnds } from '../src/index.ts';

test('what has ended is untold until the second answer to a ping', () => {
  const untold = new UntoldEnds();
  untold.ended('before');
  untold.confirm();
  untold.ended('after');
  assert.deepEqual(untold.take(), ['before', 'after']);
  assert.deepEqual(untold.take(), [], 'it is told elsewhere now');
  untold.ended('old');
  untold.confirm();
  untold.confirm();
  assert.deepEqual(untold.take(), []);
});

test('what was requested is untold until it is joined, or the peer says that it has failed', () => {
  const untold = new UntoldEnds();
  for (const id of ['pending', 'joined', 'refused', 'canceled']) untold.requested(id);
  untold.joined('joined');
  untold.refused('refused');
  for (const id of ['canceled', 'joined', 'refused']) untold.abandoned(id);
  untold.confirm();
  untold.confirm();
  assert.deepEqual(untold.take(), ['pending'], 'the answer to a ping says nothing of a request');
});

test('the number of ends is limited', () => {
  const untold = new UntoldEnds();
  for (let id = 0; id < 10_000; id += 1) untold.ended(String(id));
  const ids = untold.take();
  assert.ok(ids.length >= 512 && ids.length <= 2 * 512, String(ids.length));
  assert.equal(ids.at(-1), '9999');
});
