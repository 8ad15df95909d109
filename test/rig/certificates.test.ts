import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { certificatePin, TestAuthority } from './certificates.ts';

test('an authority issues leaf certificates that verify only against it', async () => {
  const authority = await TestAuthority.create('Authority A');
  const other = await TestAuthority.create('Authority B');
  const leaf = await authority.issue({ commonName: 'leaf', names: ['db.internal', '127.0.0.1'] });
  const parsed = new X509Certificate(leaf.certificate);
  assert.equal(parsed.verify(new X509Certificate(authority.certificate).publicKey), true);
  assert.equal(parsed.verify(new X509Certificate(other.certificate).publicKey), false);
  assert.equal(parsed.checkHost('db.internal'), 'db.internal');
  assert.equal(parsed.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(leaf.pin, certificatePin(leaf.certificate));
  assert.match(leaf.pin, /^sha256\/[A-Za-z0-9+/]{43}=$/);
  assert.notEqual(leaf.pin, authority.pin);
});

test('an expired leaf certificate is expired', async () => {
  const authority = await TestAuthority.create('Authority');
  const notAfter = new Date(Date.now() - 60_000);
  const leaf = await authority.issue({ commonName: 'old', notAfter });
  assert.ok(Date.parse(new X509Certificate(leaf.certificate).validTo) < Date.now());
});
