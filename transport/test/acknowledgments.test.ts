import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acknowledgment, type AcknowledgmentSource, Acknowledgments } from '../src/acknowledgments.ts';

const MIB = 1024 * 1024;

/** A connection that has been handed `received` bytes. */
const source = (id: string, received: number): AcknowledgmentSource => ({
  id,
  resetCode: undefined,
  takeReceived: () => received,
});

test('many connections that each receive little are acknowledged as soon as one that receives as much', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  const sent: Acknowledgment[][] = [];
  const acknowledgments = new Acknowledgments(
    (batch) => sent.push(batch),
    () => false,
  );
  const sources = Array.from({ length: 16 }, (_, index) => source(`c${index}`, MIB / 8));
  for (const each of sources.slice(0, 15)) acknowledgments.addBytes(each, MIB / 8);
  t.mock.timers.tick(1);
  assert.equal(sent.length, 0, 'less than 2 MiB may wait');
  acknowledgments.addBytes(sources[15] ?? assert.fail(), MIB / 8);
  t.mock.timers.tick(1);
  assert.deepEqual(
    sent.map((batch) => batch.map(({ id }) => id)),
    [sources.map(({ id }) => id)],
  );
  acknowledgments.addBytes(source('next', 1), 1);
  t.mock.timers.tick(1);
  assert.equal(sent.length, 1, 'bytes are counted from the last message');
  t.mock.timers.tick(50);
  assert.equal(sent.length, 2, 'and what is little is acknowledged later');
  acknowledgments.stop();
});
