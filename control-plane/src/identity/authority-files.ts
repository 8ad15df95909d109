import type { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import type { GatewayConfig } from '@penstock/config-schema';
import { readFileIfPresent, readPrivateFile, writePrivateFile } from '@penstock/runtime';
import { Authority } from './authority.ts';
import { IdentityFileError } from './identity-file-error.ts';
import { createKey, P256_SHA256, type P256KeyPair, readKey } from './p256.ts';
import { belongTogether, certificateIn, privateKeyIn } from './pem-files.ts';
import { randomSerial } from './random-serial.ts';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509.ts';

const TEN_YEARS_MS = 3652 * 24 * 60 * 60_000;

export const authorityFiles = (dataDirectory: string) => ({
  certificate: join(dataDirectory, 'agent-ca.crt'),
  key: join(dataDirectory, 'agent-ca.key'),
});

const RESTORE_BOTH = 'Restore agent-ca.crt and agent-ca.key from the same backup.';

export type AuthoritySource = Pick<GatewayConfig, 'agentCa' | 'dataDirectory'>;

/** Opens the configured agent CA, or the one that `init` created. Throws IdentityFileError or PrivateFileError. */
export async function openAuthority({ agentCa, dataDirectory }: AuthoritySource): Promise<Authority> {
  if (agentCa !== undefined) return configuredAuthority(agentCa);
  const files = authorityFiles(dataDirectory);
  const certificate = await readFileIfPresent(files.certificate);
  const key = await readPrivateFile(files.key);
  const missing = certificate === undefined ? files.certificate : key === undefined ? files.key : undefined;
  if (certificate === undefined || key === undefined) {
    throw new IdentityFileError(
      `The agent CA is incomplete: ${missing} is missing. Run penstock-gateway init, or restore the data directory ` +
        'from a backup.',
    );
  }
  const parsed = certificateIn(files.certificate, certificate, RESTORE_BOTH);
  const parsedKey = privateKeyIn(files.key, key, RESTORE_BOTH);
  if (!belongTogether(parsed, parsedKey)) {
    throw new IdentityFileError(`${files.key} is not the key of ${files.certificate}. ${RESTORE_BOTH}`);
  }
  if (!parsed.ca) {
    throw new IdentityFileError(`${files.certificate} is not the certificate of a CA. ${RESTORE_BOTH}`);
  }
  return new Authority(certificate, key);
}

function configuredAuthority({ certificate, key }: NonNullable<GatewayConfig['agentCa']>): Authority {
  const parsed = certificateIn('agentCa.certificate', certificate, 'Check the file that it refers to.');
  if (!parsed.ca) {
    throw new IdentityFileError(
      'agentCa.certificate is not the certificate of a CA. Check the file that it refers to.',
    );
  }
  readKeyOf('agentCa.key', key.reveal());
  return new Authority(certificate, key.reveal());
}

/** Whether the data directory has a file of an agent CA, usable or not: this gateway has been initialized before. */
export async function hasAuthority(dataDirectory: string): Promise<boolean> {
  const files = authorityFiles(dataDirectory);
  const texts = await Promise.all([readFileIfPresent(files.certificate), readFileIfPresent(files.key)]);
  return texts.some((text) => text !== undefined);
}

/**
 * Creates the missing files of the agent CA, and overwrites none. Throws IdentityFileError for a certificate without its
 * key, which cannot be repaired, or PrivateFileError. The key is written first: a crash after it leaves a repairable CA.
 */
export async function ensureAuthority(
  dataDirectory: string,
  organization: string,
  now: number,
): Promise<'created' | 'repaired' | 'unchanged'> {
  const files = authorityFiles(dataDirectory);
  const certificate = await readFileIfPresent(files.certificate);
  const key = await readPrivateFile(files.key);
  if (certificate !== undefined) {
    await openAuthority({ agentCa: undefined, dataDirectory });
    return 'unchanged';
  }
  const pair = key === undefined ? await createKey() : readKeyOf(files.key, key);
  if (key === undefined) await writePrivateFile(files.key, pair.pem);
  await writePrivateFile(files.certificate, await selfSigned(pair.keys, organization, now));
  return key === undefined ? 'created' : 'repaired';
}

function readKeyOf(file: string, pem: string): P256KeyPair {
  privateKeyIn(file, pem);
  try {
    return readKey(pem);
  } catch (cause) {
    throw new IdentityFileError(`${file} is not a P-256 key. Restore it from a backup.`, { cause });
  }
}

async function selfSigned(keys: webcrypto.CryptoKeyPair, organization: string, now: number): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ O: [organization] }, { CN: ['Penstock agent CA'] }],
    notBefore: new Date(now - 60 * 60_000),
    notAfter: new Date(now + TEN_YEARS_MS),
    keys,
    signingAlgorithm: P256_SHA256,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}
