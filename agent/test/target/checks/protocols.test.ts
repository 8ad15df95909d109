import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetTls } from '@penstock/config-schema';
import { encryptionsToTry } from '../../../src/target/checks/protocols.ts';

const tls = (mode: TargetTls['mode']) => ({ mode }) as TargetTls;

test('the encryption that succeeded last is tried first, whatever the port suggests', () => {
  assert.deepEqual(encryptionsToTry('redis', 6379, undefined, undefined), ['plaintext', 'tls']);
  assert.deepEqual(encryptionsToTry('redis', 6380, undefined, undefined), ['tls', 'plaintext']);
  assert.deepEqual(encryptionsToTry('redis', 6379, undefined, 'tls'), ['tls', 'plaintext']);
  assert.deepEqual(encryptionsToTry('redis', 6380, tls('prefer'), 'plaintext'), ['plaintext', 'tls']);
});

test('only one encryption is tried where the kind or the connector determines it', () => {
  assert.deepEqual(encryptionsToTry('postgresql', 443, undefined, undefined), ['plaintext']);
  assert.deepEqual(encryptionsToTry('redis', 6380, tls('disable'), 'tls'), ['plaintext']);
  assert.deepEqual(encryptionsToTry('redis', 6379, tls('require'), 'plaintext'), ['tls']);
});
