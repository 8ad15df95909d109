import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probePolicy } from '../../src/policy/probe-rules.ts';

const rule = (host: string, from: number, to = from) => ({ host, ports: { from, to } });
const policy = probePolicy([
  rule('*.internal', 5432),
  rule('Exact.example.com', 1, 1024),
  rule('10.0.0.0/8', 1, 65_535),
  rule('fd00::1', 5432),
]);

test('names are matched as requested, ignoring case and a trailing dot', () => {
  assert.equal(policy.allowsName('orders.internal', 5432), true);
  assert.equal(policy.allowsName('ORDERS.Internal.', 5432), true);
  assert.equal(policy.allowsName('orders.internal', 5433), false);
  assert.equal(policy.allowsName('internal', 5432), false);
  assert.equal(policy.allowsName('evilinternal', 5432), false);
  assert.equal(policy.allowsName('orders.internal.evil.com', 5432), false);
  assert.equal(policy.allowsName('exact.example.com', 80), true);
  assert.equal(policy.allowsName('sub.exact.example.com', 80), false);
  assert.equal(probePolicy([rule('*', 443)]).allowsName('anything', 443), true);
});

test('addresses match their ranges in any notation', () => {
  assert.equal(policy.allowsAddress('10.255.0.1', 22), true);
  assert.equal(policy.allowsAddress('::ffff:10.1.2.3', 22), true);
  assert.equal(policy.allowsAddress('11.0.0.1', 22), false);
  assert.equal(policy.allowsAddress('fd00:0::1', 5432), true);
  assert.equal(policy.allowsAddress('fd00::2', 5432), false);
});

test('a name is resolved only where an address could be allowed', () => {
  assert.equal(policy.hasAddresses(22), true);
  assert.equal(probePolicy([rule('*.internal', 5432), rule('10.0.0.1', 80)]).hasAddresses(22), false);
  assert.equal(probePolicy([]).hasAddresses(22), false);
});
