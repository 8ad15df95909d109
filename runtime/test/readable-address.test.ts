import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableAddress } from '../src/index.ts';

test('addresses are written as people write them', () => {
  const cases = {
    '::ffff:a02:1': '10.2.0.1',
    '::ffff:10.2.0.1': '10.2.0.1',
    '0:0:0:0:0:FFFF:0A02:0001': '10.2.0.1',
    '10.2.0.1': '10.2.0.1',
    '2001:0DB8:0:0:0:0:0:1': '2001:db8::1',
    '2001:db8::1': '2001:db8::1',
    '::1': '::1',
    'fe80::1%eth0': 'fe80::1%eth0',
    '': '',
    'db.internal': 'db.internal',
    'no:address': 'no:address',
  };
  for (const [address, written] of Object.entries(cases))
    assert.equal(readableAddress(address), written, address);
  assert.equal(Object.keys(cases).length, 11);
});
