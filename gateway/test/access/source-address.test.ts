import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceAllowList } from '../../src/access/source-address.ts';

test('a client of a listener for both families is known by its IPv4 address', () => {
  const isAllowed = sourceAllowList(['10.0.0.0/8']);
  assert.equal(isAllowed('10.1.2.3'), true);
  assert.equal(isAllowed('::ffff:10.1.2.3'), true);
  assert.equal(isAllowed('::ffff:11.1.2.3'), false);
});

test('all of IPv6 does not let IPv4 in', () => {
  assert.equal(sourceAllowList(['::/0'])('203.0.113.9'), false);
  assert.equal(sourceAllowList(['::/0'])('::ffff:203.0.113.9'), false);
});

test('a client without an address is not allowed', () => {
  assert.equal(sourceAllowList(['0.0.0.0/0', '::/0'])(''), false);
});
