import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { certificatePin, publicKeyHash } from '../src/certificate-pin.ts';

const KEY = createPublicKey(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhgmRRs6BkZ9iMqi9r/Kas6YBewKG
MV5moB10BVo4AzA8WRQ2vna9KeSqK8C4u4H/M+Xr3CnU3nh9eN/e3VigtQ==
-----END PUBLIC KEY-----`);

test('the pin of a key is what openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64 prints', () => {
  assert.equal(certificatePin(KEY), 'sha256/cZ9Ab94HrPcwsuT/7NiF7PFhxhs/UnJLTb6bHdj0hSk=');
  assert.equal(
    publicKeyHash(KEY).toString('hex'),
    '719f406fde07acf730b2e4ffecd885ecf161c61b3f52724b4dbe9b1dd8f48529',
  );
});
