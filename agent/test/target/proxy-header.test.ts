import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyHeader } from '../../src/target/proxy-header.ts';

const CLIENT = { address: '192.0.2.1', port: 40_000 };
const TARGET = { address: '10.0.0.5', port: 5432 };
const SIGNATURE = '0d0a0d0a000d0a515549540a';

test('version 1 is a line of text', () => {
  assert.equal(String(proxyHeader('v1', CLIENT, TARGET)), 'PROXY TCP4 192.0.2.1 10.0.0.5 40000 5432\r\n');
  const ipv6 = { address: '2001:db8::1', port: 1 };
  assert.equal(
    String(proxyHeader('v1', ipv6, TARGET)),
    'PROXY TCP6 2001:db8::1 ::ffff:a00:5 1 5432\r\n',
    'one family in a header',
  );
  assert.equal(String(proxyHeader('v1', undefined, TARGET)), 'PROXY UNKNOWN\r\n');
});

test('version 2 is binary', () => {
  const header = proxyHeader('v2', CLIENT, TARGET).toString('hex');
  assert.equal(header, `${SIGNATURE}2111000cc00002010a0000059c401538`);
  const ipv6 = proxyHeader('v2', { address: '::1', port: 1 }, { address: '::1', port: 2 }).toString('hex');
  assert.equal(ipv6, `${SIGNATURE}21210024${'0'.repeat(31)}1${'0'.repeat(31)}100010002`);
  assert.equal(proxyHeader('v2', undefined, TARGET).toString('hex'), `${SIGNATURE}20000000`);
  assert.equal(proxyHeader('v2', { address: 'nobody', port: 1 }, TARGET).length, 16);
});
