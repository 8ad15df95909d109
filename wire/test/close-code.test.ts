import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CloseCode, closeCodes, isCloseCode, TunnelError } from '../src/index.ts';

const entries = Object.entries(closeCodes);

test('numbers are given once, from 1 on', () => {
  const numbers = entries.map(([, { number }]) => number);
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    numbers.map((_, index) => index + 1),
  );
});

test('every code has a sentence and resets with an HTTP/2 error, never with NO_ERROR', () => {
  for (const [code, { message, reset }] of entries) {
    assert.match(message, /^[A-Z].*\.$/, code);
    // RFC 9113 section 7: a reset with NO_ERROR reads like a clean end.
    assert.ok(reset > 0 && reset <= 0xd, code);
  }
});

test('only what no agent has tried, or only this agent could not, may be tried again', () => {
  const of = (retry: string) =>
    entries.filter(([, entry]) => entry.retry === retry).map(([code]) => code as CloseCode);
  assert.deepEqual(of('always'), [
    'SESSION_LOST',
    'AGENT_DRAINING',
    'AGENT_OVERLOADED',
    'CONFIG_DRIFT',
    'INTERNAL',
  ]);
  assert.deepEqual(of('once'), [
    'POLICY_DENIED',
    'UNKNOWN_CONNECTOR',
    'DNS_FAILED',
    'REFUSED',
    'UNREACHABLE',
    'DIAL_TIMEOUT',
    'TLS_FAILED',
    'AGENT_TIMEOUT',
  ]);
});

test('a code is known by its name, and a name of an object is none', () => {
  assert.equal(isCloseCode('REFUSED'), true);
  assert.equal(isCloseCode('refused'), false);
  assert.equal(isCloseCode('toString'), false);
});

test('an error says what happened, or the detail it was given', () => {
  assert.equal(new TunnelError('REFUSED').message, closeCodes.REFUSED.message);
  assert.equal(new TunnelError('REFUSED', 'db:5432 refused.').message, 'db:5432 refused.');
  assert.equal(new TunnelError('REFUSED').retry, 'once');
});
