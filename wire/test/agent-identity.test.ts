import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ensureAuthority,
  openAuthority,
  readCertificateRequest,
  X509Certificate,
} from '@penstock/control-plane';
import fc from 'fast-check';
import { agentKey } from '../../control-plane/test/identity/identity-rig.ts';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { readAgentIdentity } from '../src/agent-identity.ts';

test('certificates that are not an agent’s give nothing, and rubbish does not throw', async () => {
  const authority = await TestAuthority.create('Some CA');
  const leaf = await authority.issue({ commonName: 'db', names: ['db.internal'], usage: 'client' });
  const der = Buffer.from(new X509Certificate(leaf.certificate).rawData);
  assert.equal(readAgentIdentity(der), undefined);
  assert.equal(readAgentIdentity(Buffer.from('rubbish')), undefined);
  assert.equal(readAgentIdentity(Buffer.alloc(0)), undefined);
});

test('a certificate contains exactly the names it is issued for', async () => {
  await using directory = await temporaryDirectory();
  await ensureAuthority(directory.path, 'acme', Date.now());
  const authority = await openAuthority({ agentCa: undefined, dataDirectory: directory.path });
  const request = await readCertificateRequest((await agentKey()).csr);
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
  // Organizations are free text in the file: whatever it is must not be able to forge another part of the URI.
  const organization = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
  await fc.assert(
    fc.asyncProperty(name, name, name, organization, async (agentName, pool, agentId, org) => {
      const subject = { name: agentName, pool, agentId, organization: org };
      const { identity } = await authority.issue(request, subject, 1000, Date.now());
      const { name: n, pool: p, agentId: a, organization: o } = identity;
      assert.deepEqual({ name: n, pool: p, agentId: a, organization: o }, subject);
    }),
    { numRuns: 50 },
  );
});
