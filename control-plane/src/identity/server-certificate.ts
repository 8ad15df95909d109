import { createPublicKey, type webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { GatewayConfig } from '@penstock/config-schema';
import { readFileIfPresent, readPrivateFile, writePrivateFile } from '@penstock/runtime';
import { certificatePin } from '@penstock/wire';
import { IdentityFileError } from './identity-file-error.ts';
import { createKey, P256_SHA256, readKey } from './p256.ts';
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
    return checkedCertificate(
      config.tunnelTls.certificate,
      config.tunnelTls.key.reveal(),
      'tunnelTls in gateway.yaml',
    );
  }
  const files = serverCertificateFiles(config.dataDirectory);
  const certificate = await readFileIfPresent(files.certificate);
  const key = await readPrivateFile(files.key);
  if (certificate === undefined || key === undefined) {
    throw new IdentityFileError(
      `${config.dataDirectory} contains no server certificate. Run penstock-gateway init, or configure one under ` +
        'tunnelTls in gateway.yaml.',
    );
  }
  return checkedCertificate(certificate, key, files.certificate, await readPrivateFile(files.backupKey));
}

/** The certificate of the admin address, if one is configured. Throws IdentityFileError. */
export function loadAdminCertificate({
  adminTls,
}: Pick<GatewayConfig, 'adminTls'>): ServerCertificate | undefined {
  return (
    adminTls && checkedCertificate(adminTls.certificate, adminTls.key.reveal(), 'adminTls in gateway.yaml')
  );
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
  const backupKey = await readPrivateFile(files.backupKey);
  if (certificate !== undefined && key === undefined) {
    throw new IdentityFileError(
      `${files.certificate} exists, but its key ${files.key} is missing. Restore the key from a backup, or remove the ` +
        'certificate: a new one has a new pin, which must be added to every agent.yaml.',
    );
  }
  if (backupKey === undefined) await writePrivateFile(files.backupKey, (await createKey()).pem);
  if (certificate !== undefined && key !== undefined) {
    checkedCertificate(certificate, key, files.certificate);
    return backupKey === undefined ? 'repaired' : 'unchanged';
  }
  const pair = key === undefined ? await createKey() : readKey(key);
  if (key === undefined) await writePrivateFile(files.key, pair.pem);
  await writePrivateFile(files.certificate, await selfSigned(pair.keys, hosts, now));
  return key === undefined ? 'created' : 'repaired';
}

function checkedCertificate(
  certificate: string,
  key: string,
  where: string,
  backupKey?: string | undefined,
): ServerCertificate {
  try {
    const leaf = new X509Certificate(certificate);
    const pins = [certificatePin(leaf.publicKey), ...(backupKey === undefined ? [] : [pinOfKey(backupKey)])];
    if (pinOfKey(key) === pins[0]) return { certificate, key, pins, notAfter: leaf.validToDate.getTime() };
  } catch (cause) {
    throw new IdentityFileError(`The server certificate or its key (${where}) is not valid PEM.`, {
      cause,
    });
  }
  throw new IdentityFileError(`The server certificate and its key (${where}) do not belong together.`);
}

/** The certificate pin of a private key in PEM. */
const pinOfKey = (pem: string) => certificatePin(createPublicKey(pem));

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
