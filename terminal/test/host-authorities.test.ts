import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { trustHostAuthorities } from '../src/host-authorities.ts';

/** The trusted authorities, without those of NODE_EXTRA_CA_CERTS on this machine. */
function subjects(): Set<string> {
  const extra = new Set(getCACertificates('extra').map((pem) => new X509Certificate(pem).fingerprint256));
  return new Set(
    getCACertificates('default')
      .map((pem) => new X509Certificate(pem))
      .filter(({ fingerprint256 }) => !extra.has(fingerprint256))
      .map(({ subject }) => subject.replace(/^CN=/, '')),
  );
}
const isUnix = process.platform !== 'win32' && process.platform !== 'darwin';
const elsewhere = !isUnix && 'the trust store of this system is not a file';

test('SSL_CERT_FILE and SSL_CERT_DIR replace the list of the host, and Node has its own for a host without one', {
  skip: elsewhere,
}, async (context) => {
  const before = getCACertificates('default');
  context.after(() => setDefaultCACertificates(before));
  await using directory = await temporaryDirectory();
  const [first, second, third] = await Promise.all(
    ['One', 'Two', 'Three'].map((name) => TestAuthority.create(name)),
  );
  assert.ok(first && second && third);
  const file = join(directory.path, 'list.pem');
  const folders = [join(directory.path, 'a'), join(directory.path, 'b')];
  for (const each of folders) await mkdir(each);
  await writeFile(file, `# the company\n${first.certificate}\n${second.certificate}`);
  await writeFile(join(folders[1] ?? '', 'three.crt'), third.certificate);
  await writeFile(join(folders[1] ?? '', 'README'), 'no certificate');

  await trustHostAuthorities({ SSL_CERT_FILE: file, SSL_CERT_DIR: folders.join(':') });
  assert.deepEqual(subjects(), new Set(['One', 'Two', 'Three']));

  await writeFile(file, second.certificate);
  await trustHostAuthorities({ SSL_CERT_FILE: file, SSL_CERT_DIR: '/nowhere' }, [third.certificate]);
  assert.deepEqual(subjects(), new Set(['Two', 'Three']));

  await trustHostAuthorities({ SSL_CERT_FILE: '/nowhere', SSL_CERT_DIR: '/nowhere' });
  const trusted = new Set(getCACertificates('default').map((pem) => new X509Certificate(pem).fingerprint256));
  const bundled = getCACertificates('bundled');
  assert.ok(bundled.length > 0);
  for (const pem of bundled) assert.ok(trusted.has(new X509Certificate(pem).fingerprint256));
});

test('the list of the host is the one that its own tools use', { skip: elsewhere }, async (context) => {
  const bundle = await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => undefined);
  if (bundle === undefined) return context.skip('this host keeps its list elsewhere');
  const before = getCACertificates('default');
  context.after(() => setDefaultCACertificates(before));
  await trustHostAuthorities({});
  const trusted = new Set(getCACertificates('default').map((pem) => new X509Certificate(pem).fingerprint256));
  const listed = bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  for (const pem of listed) assert.ok(trusted.has(new X509Certificate(pem).fingerprint256));
});
