import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { ProblemError } from '@penstock/wire';
import fc from 'fast-check';
import { readCertificateRequest } from '../../src/identity/certificate-request.ts';
import { Pkcs10CertificateRequestGenerator } from '../../src/identity/x509.ts';
import { agentKey, problem } from './identity-rig.ts';

const derOf = (csr: string) => Buffer.from(csr.replace(/-----.*-----|\s/g, ''), 'base64');
const pemOf = (der: Buffer) =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;

test('a P-256 request is read, and its key is identified by the hash of its SPKI', async () => {
  const { csr, keys } = await agentKey();
  const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  const request = await readCertificateRequest(csr);
  assert.equal(request.key, createHash('sha256').update(spki).digest('hex'));
});

test('other curves and key types are rejected', async () => {
  const algorithms = [
    { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      publicExponent: new Uint8Array([1, 0, 1]),
      modulusLength: 2048,
    },
    { name: 'Ed25519' },
  ];
  for (const algorithm of algorithms) {
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: 'CN=x',
      keys,
      signingAlgorithm: algorithm,
    });
    await assert.rejects(
      readCertificateRequest(request.toString('pem')),
      problem('CSR_INVALID', /not an ECDSA key on P-256/),
      algorithm.name,
    );
  }
});

test('a request signed by another key is rejected', async () => {
  const der = derOf((await agentKey()).csr);
  der.writeUInt8(der.readUInt8(der.length - 5) ^ 0xff, der.length - 5);
  await assert.rejects(
    readCertificateRequest(pemOf(der)),
    problem('CSR_INVALID', /not signed by its own key/),
  );
});

test('text that is not a request, or is too long, is rejected', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  await assert.rejects(readCertificateRequest(pemOf(spki)), problem('CSR_INVALID', /not a PKCS #10/));
  await assert.rejects(readCertificateRequest('hello'), problem('CSR_INVALID', /not a PKCS #10/));
  await assert.rejects(readCertificateRequest(''), problem('CSR_INVALID', /not a PKCS #10/));
  await assert.rejects(readCertificateRequest('x'.repeat(4097)), problem('CSR_INVALID', /more than 4096/));
  const nested = Buffer.alloc(2800, Buffer.from([0x30, 0x80]));
  await assert.rejects(readCertificateRequest(pemOf(nested)), problem('CSR_INVALID'));
});

test('a request with a changed byte is rejected with CSR_INVALID or is still valid', async () => {
  const der = derOf((await agentKey()).csr);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: der.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const changed = Buffer.from(der);
        changed.writeUInt8(changed.readUInt8(at) ^ change, at);
        try {
          await readCertificateRequest(pemOf(changed));
        } catch (error) {
          assert.ok(error instanceof ProblemError && error.code === 'CSR_INVALID', String(error));
          refused += 1;
        }
      },
    ),
  );
  assert.ok(refused > 50, `${refused} were rejected`);
});
