import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAuthority, parseCredentials } from '../../../src/ingress/http-connect/request-head.ts';

test('an authority is a host and a port, and everything else is rejected', () => {
  assert.deepEqual(parseAuthority('db.internal:5432'), { host: 'db.internal', port: 5432 });
  assert.deepEqual(parseAuthority('[2001:db8::1]:1'), { host: '2001:db8::1', port: 1 });
  for (const text of [
    '',
    'db',
    'db:',
    'db:0',
    'db:65536',
    ':1',
    '[db]:1',
    'a b:1',
    'a/b:1',
    'user@db:1',
    'db:1x',
  ]) {
    assert.equal(parseAuthority(text), undefined, text);
  }
  fc.assert(fc.property(fc.string(), (text) => void parseAuthority(text)));
});

test('credentials are read from Basic, password first, and from Bearer', () => {
  const basic = (text: string) => `bAsIc ${Buffer.from(text).toString('base64')}`;
  assert.deepEqual(parseCredentials(basic('user:pass:word')), ['pass:word', 'user']);
  assert.deepEqual(parseCredentials(basic('alone')), ['alone']);
  assert.deepEqual(parseCredentials('Bearer abc'), ['abc']);
  for (const text of [undefined, '', 'Basic', 'Digest abc', 'Bearer a b', `Bearer ${'a'.repeat(2000)}`]) {
    assert.deepEqual(parseCredentials(text), [], String(text));
  }
  fc.assert(fc.property(fc.string(), (text) => void parseCredentials(text)));
});
