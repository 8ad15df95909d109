import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { GatewayConfig } from '@penstock/config-schema';
import { PrivateFileError, readFileIfPresent, readPrivateFile, writePrivateFile } from '@penstock/runtime';
import { certificatePin } from '@penstock/wire';
import { IdentityFileError } from './identity-file-error.ts';
import { createKey, P256_SHA256, readKey } from './p256.ts';
import { belongTogether, certificateIn, privateKeyIn } from './pem-files.ts';
import { randomSerial } from './random-serial.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509.ts';

const TEN_YEARS_MS = 3652 * 24 * 60 * 60_000;
/** Names that every generated certificate contains. */
const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

/** The certificate that the tunnel port presents. */
export type ServerCertificate = {
  /** PEM: the leaf certificate, and its chain if there is one. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** Certificate pins for agent.yaml: that of the key in use, then that of the backup key if there is one. */
  readonly pins: readonly string[];
  /** What does not prevent serving but should be corrected, as sentences. */
  readonly warnings: readonly string[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
};

export const serverCertificateFiles = (dataDirectory: string) => ({
  certificate: join(dataDirectory, 'server.crt'),
  key: join(dataDirectory, 'server.key'),
  /** The key of the next server certificate, whose pin is distributed in advance. */
  backupKey: join(dataDirectory, 'server-backup.key'),
});

/** Loads the configured server certificate, or the one that `init` created. Throws IdentityFileError or PrivateFileError. */
export async function loadServerCertificate(
  config: Pick<GatewayConfig, 'tunnelTls' | 'dataDirectory'>,
): Promise<ServerCertificate> {
  if (config.tunnelTls !== undefined) {
    return configuredCertificate('tunnelTls', config.tunnelTls);
  }
  const files = serverCertificateFiles(config.dataDirectory);
  const certificate = await readFileIfPresent(files.certificate);
  const key = await readPrivateFile(files.key);
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? files.certificate : files.key;
    throw new IdentityFileError(
      `The server certificate is incomplete: ${missing} is missing. Run penstock-gateway init, restore the data directory ` +
        'from a backup, or configure a certificate under tunnelTls in gateway.yaml.',
    );
  }
  const usable = checkedCertificate({ certificate, key }, { certificate: files.certificate, key: files.key });
  const backup = await backupPin(files.backupKey);
  return { ...usable, pins: [...usable.pins, ...backup.pins], warnings: backup.warnings };
}

/** The pin of the backup key. Nothing is served with that key, so a damaged one is a warning. */
async function backupPin(
  file: string,
): Promise<{ readonly pins: readonly string[]; readonly warnings: readonly string[] }> {
  const advice =
    'Restore it from a backup, or remove it and run penstock-gateway init, which creates another with a new pin.';
  try {
    const text = await readPrivateFile(file);
    return text === undefined
      ? { pins: [], warnings: [] }
      : { pins: [pinOfKey(privateKeyIn(file, text, advice))], warnings: [] };
  } catch (error) {
    if (!(error instanceof IdentityFileError || error instanceof PrivateFileError)) throw error;
    return {
      pins: [],
      warnings: [`${error.message} It is not needed until the server certificate is replaced.`],
    };
  }
}

/** The certificate of the admin address, if one is configured. Throws IdentityFileError. */
export function loadAdminCertificate({
  adminTls,
}: Pick<GatewayConfig, 'adminTls'>): ServerCertificate | undefined {
  return adminTls && configuredCertificate('adminTls', adminTls);
}

/**
 * Creates the missing files of the self-signed server certificate and its backup key, and overwrites none. Throws
 * IdentityFileError or PrivateFileError.
 */
export async function ensureServerCertificate(
  dataDirectory: string,
  hosts: readonly string[],
  now: number,
): Promise<'created' | 'repaired' | 'unchanged'> {
  const files = serverCertificateFiles(dataDirectory);
  const certificate = await readFileIfPresent(files.certificate);
  const key = await readPrivateFile(files.key);
  const hasBackupKey = await isPresent(files.backupKey);
  if (certificate !== undefined && key === undefined) {
    throw new IdentityFileError(
      `${files.certificate} exists, but its key ${files.key} is missing. Restore the key from a backup, or remove the ` +
        'certificate: a new one has a new pin, which must be added to every agent.yaml.',
    );
  }
  if (key !== undefined) privateKeyIn(files.key, key);
  if (!hasBackupKey) await writePrivateFile(files.backupKey, (await createKey()).pem);
  if (certificate !== undefined && key !== undefined) {
    checkedCertificate({ certificate, key }, { certificate: files.certificate, key: files.key });
    return hasBackupKey ? 'unchanged' : 'repaired';
  }
  const pair = key === undefined ? await createKey() : readKey(key);
  if (key === undefined) await writePrivateFile(files.key, pair.pem);
  await writePrivateFile(files.certificate, await selfSigned(pair.keys, hosts, now));
  return key === undefined ? 'created' : 'repaired';
}

/** Whether a file exists. One that cannot be read does, and must not be replaced. */
async function isPresent(file: string): Promise<boolean> {
  try {
    return (await readFileIfPresent(file)) !== undefined;
  } catch (error) {
    if (error instanceof PrivateFileError) return true;
    throw error;
  }
}

function configuredCertificate(
  field: 'tunnelTls' | 'adminTls',
  { certificate, key }: NonNullable<GatewayConfig['tunnelTls']>,
): ServerCertificate {
  const where = { certificate: `${field}.certificate in gateway.yaml`, key: `${field}.key in gateway.yaml` };
  return checkedCertificate({ certificate, key: key.reveal() }, where, 'Correct the file that it refers to.');
}

/** `where` names the file or the field of each. */
function checkedCertificate(
  { certificate, key }: { readonly certificate: string; readonly key: string },
  where: { readonly certificate: string; readonly key: string },
  advice?: string,
): ServerCertificate {
  const leaf = certificateIn(where.certificate, certificate, advice);
  const privateKey = privateKeyIn(where.key, key, advice);
  if (!belongTogether(leaf, privateKey)) {
    throw new IdentityFileError(
      `${where.key} is not the key of ${where.certificate}. Put a certificate and its own key there.`,
    );
  }
  const pins = [certificatePin(leaf.publicKey)];
  return { certificate, key, pins, warnings: [], notAfter: leaf.validToDate.getTime() };
}

/** The certificate pin of a private key. */
const pinOfKey = (key: KeyObject) => certificatePin(createPublicKey(key));

async function selfSigned(
  keys: webcrypto.CryptoKeyPair,
  hosts: readonly string[],
  now: number,
): Promise<string> {
  const names = [...new Set([...hosts, ...LOCAL_NAMES])];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [names[0]?.slice(0, 64) ?? 'penstock-gateway'] }],
    notBefore: new Date(now - 60 * 60_000),
    notAfter: new Date(now + TEN_YEARS_MS),
    keys,
    signingAlgorithm: P256_SHA256,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}
