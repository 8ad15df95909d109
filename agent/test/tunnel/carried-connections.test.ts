import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Splice } from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';
import {
  CarriedConnection,
  CarriedConnections,
  type LiveEpoch,
  type ReturnVerdict,
  SETTLED_MS,
} from '../../src/tunnel/carried-connections.ts';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';
import { showsGatewayIsGone } from '../../src/tunnel/gateway-presence.ts';

const LIMITS = { silent: 60_000, closed: 5_000 };

/** A connection without a session, whose splice only says how it was ended. */
function setUp(t: TestContext, verdict: () => ReturnVerdict) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const ends: CloseCode[] = [];
  const splice = { abort: (code: CloseCode) => ends.push(code) } as unknown as Splice;
  const connection = new CarriedConnection(splice, 'epoch', LIMITS, verdict);
  t.after(() => connection.leave());
  return { connection, ends, pass: (milliseconds: number) => t.mock.timers.tick(milliseconds) };
}

test('a connection whose session was closed waits for the short limit if its gateway was killed', (t) => {
  const { connection, ends, pass } = setUp(t, () => 'gone');
  connection.drift('closed');
  pass(4_999);
  assert.deepEqual(ends, []);
  pass(1);
  assert.deepEqual(ends, ['SESSION_LOST']);
});

test('it waits for the long limit if its gateway may return', (t) => {
  const { connection, ends, pass } = setUp(t, () => 'may-return');
  connection.drift('closed');
  pass(5_000);
  pass(54_999);
  assert.deepEqual(ends, []);
  pass(1);
  assert.deepEqual(ends, ['SESSION_LOST']);
});

test('it is judged again while the session to another replica is new', (t) => {
  const verdicts: ReturnVerdict[] = ['unsettled', 'unsettled', 'gone'];
  const { connection, ends, pass } = setUp(t, () => verdicts.shift() ?? 'may-return');
  connection.drift('closed');
  for (const milliseconds of [5_000, 2_000, 1_999]) pass(milliseconds);
  assert.deepEqual(ends, []);
  pass(1);
  assert.deepEqual(ends, ['SESSION_LOST']);
});

test('a verdict that never comes takes no longer than the long limit', (t) => {
  const { connection, ends, pass } = setUp(t, () => 'unsettled');
  connection.drift('closed');
  for (let passed = 0; passed < 59_000; passed += 1_000) pass(1_000);
  assert.deepEqual(ends, []);
  pass(1_000);
  assert.deepEqual(ends, ['SESSION_LOST']);
});

test('a gateway may return while it is connected, or nothing has shown that it is gone', () => {
  let goneAt = 10;
  const connected: LiveEpoch[] = [];
  const carried = new CarriedConnections(
    () => connected,
    () => goneAt,
  );
  assert.equal(carried.verdict('lost', 20), 'may-return', 'what was shown before says nothing');
  goneAt = 30;
  assert.equal(carried.verdict('lost', 20), 'gone');
  goneAt = 10;
  const now = performance.now();
  connected.push({ epoch: 'connected', since: now });
  assert.equal(carried.verdict('connected', 20), 'may-return');
  assert.equal(carried.verdict('lost', 20), 'unsettled', 'the other replica may not have told it yet');
  connected.push({ epoch: 'connected', since: now - SETTLED_MS });
  assert.equal(carried.verdict('lost', 20), 'gone', 'another replica would have passed on a resume');
});

test('a refusal shows that the gateway is gone, and silence does not', () => {
  const unreachable = (code: string) =>
    new GatewayError('GATEWAY_UNREACHABLE', code, { cause: Object.assign(new Error(code), { code }) });
  assert.equal(showsGatewayIsGone(unreachable('ECONNREFUSED')), true);
  assert.equal(showsGatewayIsGone(new GatewayError('PROXY_REFUSED', '502')), true);
  const { cause } = unreachable('ECONNRESET');
  const inHandshake = new Error('The connection was closed during the TLS handshake', { cause });
  const ofAddresses = new AggregateError([
    unreachable('ENETUNREACH').cause,
    unreachable('ECONNREFUSED').cause,
  ]);
  for (const each of [inHandshake, ofAddresses])
    assert.equal(showsGatewayIsGone(new GatewayError('GATEWAY_UNREACHABLE', '', { cause: each })), true);
  for (const error of [
    unreachable('ENETUNREACH'),
    unreachable('EAI_AGAIN'),
    new GatewayError('GATEWAY_TIMEOUT', 'no answer'),
    new GatewayError('PROXY_UNREACHABLE', 'the proxy is restarted'),
    new Error('anything else'),
  ])
    assert.equal(showsGatewayIsGone(error), false, error.message);
});
