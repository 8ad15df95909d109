import { createPublicKey, type webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { GatewayConfig } from '@penstock/config-schema';
import { readFileIfPresent, readPrivateFile, writePrivateFile } from '@penstock/runtime';
import { certificatePin } from '@penstock/wire';
import { IdentityFileError } from './identity-file-error.ts';
import { makeKey, P256_SHA256, readKey } from './p256.ts';
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

const TEN_YEARS = 3652 * 24 * 60 * 60_000;
const ALWAYS = ['localhost', '127.0.0.1', '::1'];

/** What the tunnel port presents. */
export type ServerCertificate = {
  /** PEM: the certificate and whatever chain came with it. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** Certificate pins for agent.yaml: the one in use, then the backup's where there is one. */
  readonly pins: readonly string[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
};

export const serverCertificateFiles = (dataDirectory: string) => ({
  certificate: join(dataDirectory, 'server.crt'),
  key: join(dataDirectory, 'server.key'),
  /** The key the next server certificate will have: its pin is handed out ahead of time. */
  backupKey: join(dataDirectory, 'server-backup.key'),
});

/** The configured server certificate, or the one `init` made. Throws IdentityFileError, or PrivateFileError. */
export async function loadServerCertificate(
  config: Pick<GatewayConfig, 'tunnelTls' | 'dataDirectory'>,
): Promise<ServerCertificate> {
  if (config.tunnelTls !== undefined) {
    return presentable(
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
      `There is no server certificate in ${config.dataDirectory}. Run penstock-gateway init once, or name one ` +
        'under tunnelTls in gateway.yaml.',
    );
  }
  return presentable(certificate, key, files.certificate, await readPrivateFile(files.backupKey));
}

/** The certificate of the admin address, where one is configured. Throws IdentityFileError. */
export function loadAdminCertificate({
  adminTls,
}: Pick<GatewayConfig, 'adminTls'>): ServerCertificate | undefined {
  return adminTls && presentable(adminTls.certificate, adminTls.key.reveal(), 'adminTls in gateway.yaml');
}

/** Makes what is missing of the self-signed server certificate and its backup key; overwrites nothing. */
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
      `${files.certificate} is there and its key ${files.key} is not. Restore the key from a backup, or remove ` +
        'the certificate: a new one gets a new pin, which agents must learn first.',
    );
  }
  if (backupKey === undefined) await writePrivateFile(files.backupKey, (await makeKey()).pem);
  if (certificate !== undefined && key !== undefined) {
    presentable(certificate, key, files.certificate);
    return backupKey === undefined ? 'repaired' : 'unchanged';
  }
  const pair = key === undefined ? await makeKey() : readKey(key);
  if (key === undefined) await writePrivateFile(files.key, pair.pem);
  await writePrivateFile(files.certificate, await selfSigned(pair.keys, hosts, now));
  return key === undefined ? 'created' : 'repaired';
}

function presentable(
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
    throw new IdentityFileError(`The server certificate or its key (${where}) is not readable PEM.`, {
      cause,
    });
  }
  throw new IdentityFileError(`The server certificate and its key (${where}) do not belong together.`);
}

/** Certificate pin of the key whose private half is in `pem`. */
const pinOfKey = (pem: string) => certificatePin(createPublicKey(pem));

async function selfSigned(
  keys: webcrypto.CryptoKeyPair,
  hosts: readonly string[],
  now: number,
): Promise<string> {
  const names = [...new Set([...hosts, ...ALWAYS])];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [names[0]?.slice(0, 64) ?? 'penstock-gateway'] }],
    notBefore: new Date(now - 60 * 60_000),
    notAfter: new Date(now + TEN_YEARS),
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
