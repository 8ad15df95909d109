import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import { certificatePin, TestAuthority } from '../../../test/rig/certificates.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { IdentityFileError } from '../../src/identity/identity-file-error.ts';
import {
  ensureServerCertificate,
  loadServerCertificate,
  serverCertificateFiles,
} from '../../src/identity/server-certificate.ts';

const fileError = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IdentityFileError, String(error));
  assert.match(error.message, words);
  return true;
};

test('the server certificate is created once, for the given hosts and localhost, with a backup pin', async () => {
  await using directory = await temporaryDirectory();
  const dataDirectory = directory.path;
  const files = serverCertificateFiles(dataDirectory);
  const hosts = ['gateway.example.com', '192.0.2.7', '2001:db8::7'];
  assert.equal(await ensureServerCertificate(dataDirectory, hosts, Date.now()), 'created');
  const loaded = await loadServerCertificate({ tunnelTls: undefined, dataDirectory });
  const certificate = new X509Certificate(loaded.certificate);
  for (const host of ['gateway.example.com', 'localhost']) assert.equal(certificate.checkHost(host), host);
  for (const address of ['192.0.2.7', '127.0.0.1', '2001:db8::7', '::1']) {
    assert.equal(certificate.checkIP(address), address);
  }
  assert.equal(certificate.subject, 'CN=gateway.example.com');
  assert.equal(loaded.pins.length, 2);
  assert.equal(loaded.pins[0], certificatePin(loaded.certificate));
  assert.notEqual(loaded.pins[1], loaded.pins[0]);
  assert.ok(loaded.notAfter > Date.now() + 9 * 365 * 86_400_000);
  for (const file of [files.key, files.backupKey]) assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await readdir(dataDirectory)).length, 3);

  assert.equal(await ensureServerCertificate(dataDirectory, ['other'], Date.now()), 'unchanged');
  assert.equal(await readFile(files.certificate, 'utf8'), loaded.certificate);
});

test('a host name that is too long for a common name is still in the certificate', async () => {
  await using directory = await temporaryDirectory();
  const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.com`;
  await ensureServerCertificate(directory.path, [host], Date.now());
  const { certificate } = await loadServerCertificate({
    tunnelTls: undefined,
    dataDirectory: directory.path,
  });
  assert.equal(new X509Certificate(certificate).checkHost(host), host);
});

test('missing files are re-created, with the same pins where the keys exist', async () => {
  await using directory = await temporaryDirectory();
  const config = { tunnelTls: undefined, dataDirectory: directory.path };
  const files = serverCertificateFiles(directory.path);
  await assert.rejects(loadServerCertificate(config), fileError(/Run penstock-gateway init/));
  await ensureServerCertificate(directory.path, [], Date.now());
  const { pins } = await loadServerCertificate(config);

  await rm(files.certificate);
  assert.equal(await ensureServerCertificate(directory.path, [], Date.now()), 'repaired');
  assert.deepEqual((await loadServerCertificate(config)).pins, pins);
  await rm(files.backupKey);
  assert.equal(await ensureServerCertificate(directory.path, [], Date.now()), 'repaired');
  assert.equal((await loadServerCertificate(config)).pins[0], pins[0]);
  await rm(files.key);
  await assert.rejects(ensureServerCertificate(directory.path, [], Date.now()), fileError(/Restore the key/));
});

test('a configured certificate is used unchanged, and must belong to its key', async () => {
  const authority = await TestAuthority.create('Corporate CA');
  const leaf = await authority.issue({ commonName: 'gateway', names: ['gateway.example.com'] });
  const other = await authority.issue({ commonName: 'other' });
  const load = (certificate: string, key: string) =>
    loadServerCertificate({ tunnelTls: { certificate, key: new Secret(key) }, dataDirectory: '/nowhere' });
  const loaded = await load(leaf.chain, leaf.key);
  assert.equal(loaded.certificate, leaf.chain);
  assert.deepEqual(loaded.pins, [leaf.pin]);
  await assert.rejects(
    load(leaf.chain, other.key),
    fileError(/tunnelTls\.key in gateway\.yaml is not the key of tunnelTls\.certificate/),
  );
  await assert.rejects(
    load('rubbish', leaf.key),
    fileError(/tunnelTls\.certificate in gateway\.yaml has other content/),
  );
});

test('a damaged server certificate is reported', async () => {
  await using directory = await temporaryDirectory();
  await ensureServerCertificate(directory.path, [], Date.now());
  await writeFile(serverCertificateFiles(directory.path).certificate, 'rubbish');
  await assert.rejects(
    loadServerCertificate({ tunnelTls: undefined, dataDirectory: directory.path }),
    fileError(/server\.crt has other content, not a certificate in PEM/),
  );
});

test('after a switch to the backup key as in docs/security.md, its distributed pin is in use', async () => {
  await using directory = await temporaryDirectory();
  const config = { tunnelTls: undefined, dataDirectory: directory.path };
  const files = serverCertificateFiles(directory.path);
  await ensureServerCertificate(directory.path, ['gateway.example.com'], Date.now());
  const before = await loadServerCertificate(config);
  await rename(files.backupKey, files.key);
  await rm(files.certificate);
  assert.equal(
    await ensureServerCertificate(directory.path, ['gateway.example.com'], Date.now()),
    'repaired',
  );
  const after = await loadServerCertificate(config);
  assert.equal(after.pins[0], before.pins[1]);
  assert.equal(before.pins.includes(after.pins[1] ?? ''), false);
});
