import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressRanges, isAddressRange } from '../src/index.ts';

test('an address is matched against the ranges', () => {
  const isIn = addressRanges(['10.0.0.0/8', '192.0.2.7/32', '2001:db8::/32']);
  for (const inside of ['10.0.0.0', '10.255.255.255', '192.0.2.7', '2001:db8::1', '2001:0DB8:0:0:0:0:0:1']) {
    assert.equal(isIn(inside), true, inside);
  }
  for (const outside of ['9.255.255.255', '11.0.0.0', '192.0.2.8', '2001:db9::1', '::1']) {
    assert.equal(isIn(outside), false, outside);
  }
});

test('an IPv4-mapped IPv6 address counts as the IPv4 address', () => {
  const isIn = addressRanges(['169.254.0.0/16']);
  for (const coat of [
    '::ffff:169.254.1.1',
    '::ffff:a9fe:101',
    '0:0:0:0:0:ffff:a9fe:101',
    '::FFFF:169.254.1.1',
  ]) {
    assert.equal(isIn(coat), true, coat);
  }
  assert.equal(isIn('::ffff:169.253.1.1'), false);
  assert.equal(addressRanges(['::ffff:10.0.0.0/104'])('10.1.2.3'), true);
  assert.equal(addressRanges(['::ffff:10.0.0.0/104'])('11.1.2.3'), false);
});

test('a range never contains an address of the other family', () => {
  assert.equal(addressRanges(['::/0'])('10.0.0.1'), false);
  assert.equal(addressRanges(['::/0'])('::ffff:10.0.0.1'), false);
  assert.equal(addressRanges(['0.0.0.0/0'])('2001:db8::1'), false);
});

test('a zone does not hide an address, and text that is not an address is in no range', () => {
  assert.equal(addressRanges(['fe80::/10'])('fe80::1%eth0'), true);
  for (const text of ['', 'orders.internal', '10.0.0', '10.0.0.1/8', ':::']) {
    assert.equal(addressRanges(['0.0.0.0/0', '::/0'])(text), false, text);
  }
});

test('an empty list of ranges contains no address', () => {
  assert.equal(addressRanges([])('10.0.0.1'), false);
});

test('a range requires a prefix length and must not have host bits', () => {
  for (const text of ['10.0.0.0/8', '10.1.2.3/32', '2001:db8::/32', '::1/128', '0.0.0.0/0']) {
    assert.equal(isAddressRange(text), true, text);
  }
  for (const text of [
    '10.1.2.3/8',
    '10.0.0.0',
    '10.0.0.0/33',
    '2001:db8::1/32',
    'fe80::%eth0/10',
    'db',
    '',
  ]) {
    assert.equal(isAddressRange(text), false, text);
  }
});

test('an IPv4-compatible IPv6 address is not the IPv4 address, however it is written', () => {
  const has = addressRanges(['10.0.0.0/8']);
  for (const text of ['::10.0.0.1', '::a00:1', '0:0:0:0:0:0:10.0.0.1']) assert.equal(has(text), false, text);
  assert.equal(addressRanges(['::10.0.0.0/104'])('::a00:1'), true);
  assert.equal(addressRanges(['::a00:0/104'])('::10.0.0.1'), true);
});
