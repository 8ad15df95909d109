import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressRanges } from '@penstock/config-schema';
import { deniedRanges } from '../../src/policy/denied-ranges.ts';
import { embeddedIpv4 } from '../../src/policy/embedded-ipv4.ts';

/** Each leads to 169.254.169.254, the metadata service of clouds. */
const metadata = {
  mapped: '::ffff:169.254.169.254',
  compatible: '::169.254.169.254',
  translated: '::ffff:0:169.254.169.254',
  'NAT64, well-known prefix': '64:ff9b::a9fe:a9fe',
  'NAT64, written out': '0064:FF9B:0000:0000:0000:0000:169.254.169.254',
  'NAT64, local use, /48': '64:ff9b:1:a9fe:a9:fe00::',
  'NAT64, local use, /56': '64:ff9b:1:a9:fe:a9fe::',
  'NAT64, local use, /64': '64:ff9b:1:0:a9:fea9:fe00:0',
  'NAT64, local use, /96': '64:ff9b:1:fffe::a9fe:a9fe',
  '6to4': '2002:a9fe:a9fe::1',
  'Teredo client': '2001:0:4136:e378:8000:63bf:5601:5601',
  'Teredo server': '2001:0:a9fe:a9fe::',
  ISATAP: '2001:db8::5efe:a9fe:a9fe',
  'ISATAP, global': '2001:db8::200:5efe:a9fe:a9fe',
} as const;

test('an IPv6 address that leads to a denied IPv4 address is denied', () => {
  const isDenied = deniedRanges(['169.254.0.0/16']);
  const names = Object.entries(metadata);
  assert.equal(names.length, 14);
  for (const [name, address] of names) {
    assert.ok(embeddedIpv4(address).includes('169.254.169.254'), `${name}: ${embeddedIpv4(address)}`);
    assert.equal(isDenied(address), true, name);
  }
});

test('IPv6 addresses that lead to permitted IPv4 addresses or to none are not denied', () => {
  const isDenied = deniedRanges(['169.254.0.0/16', '127.0.0.0/8', '0.0.0.0/8']);
  for (const address of [
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '64:ff9b:1:a00:0:100::',
    '2002:a00:1::',
    '2001:db8::a9fe:a9fe',
    'fd00::a9fe:a9fe',
    '2001:0:a00:1::f5ff:fffe',
  ]) {
    assert.equal(isDenied(address), false, `${address}: ${embeddedIpv4(address)}`);
  }
});

test('loopback is denied in every notation', () => {
  const isDenied = deniedRanges(['127.0.0.0/8']);
  for (const address of ['::', '64:ff9b::7f00:1', '::127.0.0.1', '2002:7f00:1::', '::ffff:0:0']) {
    assert.equal(isDenied(address), true, address);
  }
  assert.equal(isDenied('::1'), false);
  assert.equal(deniedRanges(['::1/128'])('::1'), true);
});

test('the zone of an address does not hide it', () => {
  const isDenied = deniedRanges(['fe80::/10', '169.254.0.0/16']);
  assert.equal(isDenied('fe80::1%eth0'), true);
  assert.equal(isDenied('64:ff9b::a9fe:a9fe%1'), true);
});

test('an embedded address never satisfies an allow list, except in the mapped form that sockets report', () => {
  const isAllowed = addressRanges(['169.254.0.0/16']);
  for (const [name, address] of Object.entries(metadata)) {
    assert.equal(isAllowed(address), name === 'mapped', name);
  }
});

test('text that is not an IPv6 address embeds nothing', () => {
  for (const text of ['', '10.0.0.1', 'db.internal', '64:ff9b::/96'])
    assert.deepEqual(embeddedIpv4(text), []);
});
