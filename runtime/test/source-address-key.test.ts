import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceAddressKey } from '../src/source-address-key.ts';

test('IPv6 addresses of one /64 share a key; a mapped IPv4 address counts as IPv4', () => {
  assert.equal(sourceAddressKey('2001:db8:1:2::1'), sourceAddressKey('2001:db8:1:2:ffff::9'));
  assert.notEqual(sourceAddressKey('2001:db8:1:2::1'), sourceAddressKey('2001:db8:1:3::1'));
  assert.equal(sourceAddressKey('::ffff:192.0.2.1'), '192.0.2.1');
  assert.notEqual(sourceAddressKey('192.0.2.1'), sourceAddressKey('192.0.2.2'));
  assert.equal(sourceAddressKey('a pipe'), 'a pipe');
});
