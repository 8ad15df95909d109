import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { readAgentIdentity } from '@penstock/wire';
import { deadline } from '../../../test/rig/deadline.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { authorityFiles, ensureAuthority, openAuthority } from '../../src/identity/authority-files.ts';
import { readCertificateRequest } from '../../src/identity/certificate-request.ts';
import { IdentityFileError } from '../../src/identity/identity-file-error.ts';
import { ensureServerCertificate, loadServerCertificate } from '../../src/identity/server-certificate.ts';
import { agentKey } from './identity-rig.ts';

const HOUR = 60 * 60_000;
const SUBJECT = { agentId: 'agt_1', name: 'orders-1', pool: 'dc1', organization: 'acme & sons' };

const fileError = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IdentityFileError, String(error));
  assert.match(error.message, words);
  return true;
};

async function createAuthority(directory: string, now = Date.now()) {
  await ensureAuthority(directory, 'acme', now);
  return openAuthority({ agentCa: undefined, dataDirectory: directory });
}

test('a certificate identifies the agent, is valid for clients only, and is backdated', async () => {
  await using directory = await temporaryDirectory();
  const now = Date.now();
  const authority = await createAuthority(directory.path, now);
  const { csr } = await agentKey();
  const request = await readCertificateRequest(csr);
  const { identity, chain } = await authority.issue(request, SUBJECT, 24 * HOUR, now);
  const certificate = new X509Certificate(chain);
  const ca = new X509Certificate(authority.caPem);

  assert.deepEqual(readAgentIdentity(certificate), identity);
  assert.deepEqual({ ...identity, serial: '', notAfter: 0 }, { ...SUBJECT, serial: '', notAfter: 0 });
  assert.match(identity.serial, /^[0-9A-F]{32}$/);
  assert.equal(certificate.verify(ca.publicKey), true);
  assert.equal(certificate.checkIssued(ca), true);
  assert.equal(certificate.ca, false);
  assert.equal(ca.ca, true);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.subject, 'CN=orders-1');
  assert.equal(certificate.subjectAltName, 'URI:penstock://acme%20%26%20sons/pools/dc1/agents/agt_1');
  const second = (time: number) => Math.floor(time / 1000);
  assert.equal(second(certificate.validFromDate.getTime()), second(now - HOUR));
  assert.equal(second(identity.notAfter), second(now + 24 * HOUR));

  const again = await authority.issue(request, SUBJECT, 24 * HOUR, now);
  assert.notEqual(again.identity.serial, identity.serial);
});

test('a certificate never outlives the CA, and a short-lived one is backdated by less', async () => {
  await using directory = await temporaryDirectory();
  const now = Date.now();
  const authority = await createAuthority(directory.path, now);
  const request = await readCertificateRequest((await agentKey()).csr);
  const long = await authority.issue(request, SUBJECT, 20 * 365 * 24 * HOUR, now);
  assert.equal(long.identity.notAfter, new X509Certificate(authority.caPem).validToDate.getTime());
  const short = new X509Certificate((await authority.issue(request, SUBJECT, 9000, now)).chain);
  const life = short.validToDate.getTime() - short.validFromDate.getTime();
  assert.ok(life >= 11_000 && life <= 13_000, `${life} ms`);
});

/** Connects with this client certificate, and returns how the server judged it. */
async function handshake(
  server: { certificate: string; key: string },
  ca: string,
  client: { cert: string; key: string },
): Promise<{ authorized: boolean; reason: unknown; agent: string | undefined }> {
  const seen = Promise.withResolvers<{ authorized: boolean; reason: unknown; agent: string | undefined }>();
  const listener = createServer(
    {
      cert: server.certificate,
      key: server.key,
      ca,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    },
    (socket: TLSSocket) => {
      const certificate = socket.getPeerX509Certificate();
      seen.resolve({
        authorized: socket.authorized,
        reason: socket.authorizationError,
        agent: certificate && readAgentIdentity(certificate)?.agentId,
      });
      socket.end();
    },
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: server.certificate,
    servername: 'localhost',
    ...client,
  });
  socket.resume();
  try {
    await deadline('the handshake', once(socket, 'secureConnect'));
    assert.equal(socket.authorized, true, 'the server certificate is valid for localhost');
    const result = await deadline('the server to see the client', seen.promise);
    await deadline('the end', once(socket, 'close'));
    return result;
  } finally {
    socket.destroy();
    listener.close();
  }
}

test('mutual TLS accepts a certificate of this CA, but not one of another CA, an expired one or a server certificate', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  await using elsewhere = await temporaryDirectory();
  const now = Date.now();
  const authority = await createAuthority(directory.path);
  await ensureServerCertificate(directory.path, ['gateway.example.com'], now);
  const server = await loadServerCertificate({ tunnelTls: undefined, dataDirectory: directory.path });
  const { csr, pem: key } = await agentKey();
  const request = await readCertificateRequest(csr);
  const present = (cert: string, itsKey = key) => handshake(server, authority.caPem, { cert, key: itsKey });

  const good = await authority.issue(request, SUBJECT, HOUR, now);
  assert.deepEqual(await present(good.chain), { authorized: true, reason: null, agent: 'agt_1' });

  const old = await authority.issue(request, SUBJECT, HOUR, now - 2 * HOUR);
  assert.deepEqual(await present(old.chain), {
    authorized: false,
    reason: 'CERT_HAS_EXPIRED',
    agent: 'agt_1',
  });

  const other = await createAuthority(elsewhere.path);
  const foreign = await other.issue(request, SUBJECT, HOUR, now);
  assert.equal((await present(foreign.chain)).authorized, false);
  assert.equal((await present(server.certificate, server.key)).authorized, false);
});

test('the CA is created once, with private files, and then left unchanged', async () => {
  await using directory = await temporaryDirectory();
  const files = authorityFiles(directory.path);
  assert.equal(await ensureAuthority(directory.path, 'acme', Date.now()), 'created');
  const first = await readFile(files.certificate, 'utf8');
  assert.equal(await ensureAuthority(directory.path, 'other', Date.now()), 'unchanged');
  assert.equal(await readFile(files.certificate, 'utf8'), first);
  assert.equal((await stat(files.key)).mode & 0o777, 0o600);
  assert.deepEqual((await readdir(directory.path)).sort(), ['agent-ca.crt', 'agent-ca.key']);
  assert.match(new X509Certificate(first).subject, /O=acme\nCN=Penstock agent CA/);
});

test('a missing CA certificate is re-created for its key, and certificates of agents stay valid', async () => {
  await using directory = await temporaryDirectory();
  const files = authorityFiles(directory.path);
  const authority = await createAuthority(directory.path);
  const request = await readCertificateRequest((await agentKey()).csr);
  const { chain } = await authority.issue(request, SUBJECT, HOUR, Date.now());
  await rm(files.certificate);
  await assert.rejects(
    openAuthority({ agentCa: undefined, dataDirectory: directory.path }),
    fileError(/agent-ca\.crt is missing/),
  );
  assert.equal(await ensureAuthority(directory.path, 'acme', Date.now()), 'repaired');
  const repaired = new X509Certificate(
    (await openAuthority({ agentCa: undefined, dataDirectory: directory.path })).caPem,
  );
  const leaf = new X509Certificate(chain);
  assert.equal(leaf.checkIssued(repaired) && leaf.verify(repaired.publicKey), true);
});

test('a CA without its key, with another key, damaged or readable by others is rejected with advice', async () => {
  await using directory = await temporaryDirectory();
  await using elsewhere = await temporaryDirectory();
  const files = authorityFiles(directory.path);
  await assert.rejects(
    openAuthority({ agentCa: undefined, dataDirectory: directory.path }),
    fileError(/Run penstock-gateway init/),
  );
  await createAuthority(directory.path);
  await createAuthority(elsewhere.path);
  const key = await readFile(files.key, 'utf8');

  await writeFile(files.key, await readFile(authorityFiles(elsewhere.path).key, 'utf8'));
  await assert.rejects(
    openAuthority({ agentCa: undefined, dataDirectory: directory.path }),
    fileError(/agent-ca\.key is not the key of .*agent-ca\.crt/),
  );
  await writeFile(files.key, key.slice(0, 40));
  await assert.rejects(
    openAuthority({ agentCa: undefined, dataDirectory: directory.path }),
    fileError(/agent-ca\.key is truncated, .*Restore/),
  );
  await rm(files.key);
  await assert.rejects(
    openAuthority({ agentCa: undefined, dataDirectory: directory.path }),
    fileError(/agent-ca\.key is missing/),
  );
  await assert.rejects(ensureAuthority(directory.path, 'acme', Date.now()), fileError(/restore/));
  if (process.platform === 'win32') return;
  await writeFile(files.key, key);
  await chmod(files.key, 0o640);
  await assert.rejects(openAuthority({ agentCa: undefined, dataDirectory: directory.path }), {
    name: 'PrivateFileError',
    fault: 'open-to-others',
    message: /mode 0640\)\. Run chmod 600/,
  });
});
