import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Splice } from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';
import { CarriedConnection, CarriedConnections } from '../../src/tunnel/carried-connections.ts';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';
import { showsGatewayIsGone } from '../../src/tunnel/gateway-presence.ts';

const LIMITS = { silent: 60_000, closed: 5_000 };

/** A connection without a session, whose splice only says how it was ended. */
function setUp(t: TestContext, mayReturn: boolean) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const ends: CloseCode[] = [];
  const splice = { abort: (code: CloseCode) => ends.push(code) } as unknown as Splice;
  const connection = new CarriedConnection(splice, 'epoch', LIMITS, () => mayReturn);
  t.after(() => connection.leave());
  return { connection, ends, pass: (milliseconds: number) => t.mock.timers.tick(milliseconds) };
}

test('a connection whose session was closed waits for the short limit if its gateway was killed', (t) => {
  const { connection, ends, pass } = setUp(t, false);
  connection.drift('closed');
  pass(4_999);
  assert.deepEqual(ends, []);
  pass(1);
  assert.deepEqual(ends, ['SESSION_LOST']);
});

test('it waits for the long limit if its gateway may return', (t) => {
  const { connection, ends, pass } = setUp(t, true);
  connection.drift('closed');
  pass(5_000);
  pass(54_999);
  assert.deepEqual(ends, []);
  pass(1);
  assert.deepEqual(ends, ['SESSION_LOST']);
});

test('a gateway may return while it is connected, or nothing has shown that it is gone', () => {
  let goneAt = 10;
  const connected: string[] = [];
  const carried = new CarriedConnections(
    () => connected,
    () => goneAt,
  );
  assert.equal(carried.mayReturn('lost', 20), true, 'what was shown before says nothing');
  goneAt = 30;
  assert.equal(carried.mayReturn('lost', 20), false);
  connected.push('connected');
  assert.equal(carried.mayReturn('connected', 20), true);
  goneAt = 10;
  assert.equal(carried.mayReturn('lost', 20), false, 'another replica would have passed on a resume');
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
