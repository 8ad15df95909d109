import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Splice } from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';
import { CarriedConnection } from '../../src/tunnel/carried-connections.ts';

const LIMITS = { silent: 60_000, closed: 5_000 };

/** A connection without a session, whose splice only says how it was ended. */
function setUp(t: TestContext, isGatewayConnected: boolean) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const ends: CloseCode[] = [];
  const splice = { abort: (code: CloseCode) => ends.push(code) } as unknown as Splice;
  const connection = new CarriedConnection(splice, 'epoch', LIMITS, () => isGatewayConnected);
  t.after(() => connection.leave());
  return { connection, ends, pass: (milliseconds: number) => t.mock.timers.tick(milliseconds) };
}

test('a connection whose session was closed waits for the short limit if its gateway does not come back', (t) => {
  const { connection, ends, pass } = setUp(t, false);
  connection.drift('closed');
  pass(4_999);
  assert.deepEqual(ends, []);
  pass(1);
  assert.deepEqual(ends, ['SESSION_LOST']);
});

test('it waits for the long limit if its gateway does', (t) => {
  const { connection, ends, pass } = setUp(t, true);
  connection.drift('closed');
  pass(5_000);
  pass(54_999);
  assert.deepEqual(ends, []);
  pass(1);
  assert.deepEqual(ends, ['SESSION_LOST']);
});
