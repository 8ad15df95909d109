import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Acknowledgment, type AcknowledgmentSource, Acknowledgments } from '../src/acknowledgments.ts';

const MIB = 1024 * 1024;

/** A connection that has been handed `received` bytes. */
const source = (id: string, received: number): AcknowledgmentSource => ({
  id,
  resetCode: undefined,
  takeReceived: () => received,
});

/** Goes on a millisecond at a time: a timer that is set in a tick counts from its end. */
function tick(t: TestContext, milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += 1) t.mock.timers.tick(1);
}

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
  tick(t, 150);
  assert.equal(sent.length, 2, 'and what is little is acknowledged later');
  acknowledgments.stop();
});

test('few bytes wait longer for others than many', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  let sent = 0;
  const acknowledgments = new Acknowledgments(
    () => {
      sent += 1;
    },
    () => false,
  );
  const connection = source('c', MIB);
  for (let round = 1; round <= 2; round += 1) {
    acknowledgments.addBytes(connection, 64);
    tick(t, 100);
    acknowledgments.addBytes(connection, 64);
    t.mock.timers.tick(49);
    assert.equal(sent, 2 * round - 2);
    t.mock.timers.tick(1);
    assert.equal(sent, 2 * round - 1, 'few: 150 ms after the first of them');
    acknowledgments.addBytes(connection, MIB / 4);
    t.mock.timers.tick(49);
    assert.equal(sent, 2 * round - 1);
    t.mock.timers.tick(1);
    assert.equal(sent, 2 * round, 'many: 50 ms after');
  }
  acknowledgments.stop();
});
