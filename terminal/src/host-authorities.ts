import { hash, X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

type Environment = Readonly<Record<string, string | undefined>>;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The list that each family of Unix systems generates from its trust store (the same as Go's crypto/x509). */
const BUNDLE_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/etc/ssl/cert.pem',
] as const;
/** Directories in which OpenSSL looks up certificates one by one. */
const HASHED_DIRECTORIES = ['/etc/ssl/certs', '/etc/pki/tls/certs'] as const;
/** The names under which OpenSSL finds them (openssl-rehash(1)). */
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;

const MAX_CERTIFICATES = 10_000;
/** Certificates that are checked before other work gets its turn. */
const CERTIFICATES_PER_TURN = 20;

/** Hash of the list in force, to keep TLS contexts when nothing has changed; the list itself has half a megabyte. */
let inForce: string | undefined;

/**
 * Makes this process trust the certificate authorities that this host trusts, as OpenSSL and curl do, and `own`. Node's
 * bundled list applies only where the host has none, as in a minimal container. SSL_CERT_FILE and SSL_CERT_DIR name
 * another list, and NODE_EXTRA_CA_CERTS adds to any. Call it at the start and again on a reload. Never rejects:
 * certificates that cannot be read or parsed are omitted.
 */
export async function trustHostAuthorities(
  environment: Environment,
  own: readonly string[] = [],
): Promise<void> {
  const host = await hostAuthorities(environment);
  const trusted = new Set([
    ...(host.length > 0 ? host : getCACertificates('bundled')),
    ...getCACertificates('extra'),
    ...own,
  ]);
  const list = [...trusted].slice(0, MAX_CERTIFICATES);
  const digest = hash('sha256', list.join('\n'));
  if (digest === inForce) return;
  try {
    setDefaultCACertificates(list);
  } catch {
    // A single invalid certificate spoils the whole list.
    setDefaultCACertificates(await validOf(list));
  }
  inForce = digest;
}

async function hostAuthorities(environment: Environment): Promise<readonly string[]> {
  const file = environment['SSL_CERT_FILE'];
  const directories = environment['SSL_CERT_DIR']?.split(delimiter).filter((each) => each !== '');
  const named = [
    ...(file ? await readCertificates(file) : []),
    ...(directories ? await readDirectories(directories, () => true) : []),
  ];
  // These systems keep their trust store in no file.
  if (process.platform === 'win32' || process.platform === 'darwin') {
    return [...getCACertificates('system'), ...named];
  }
  return [
    ...named,
    ...(file ? [] : await readFirst(BUNDLE_FILES)),
    ...(directories ? [] : await readDirectories(HASHED_DIRECTORIES, (name) => HASHED_NAME.test(name))),
  ];
}

async function readFirst(files: readonly string[]): Promise<readonly string[]> {
  for (const file of files) {
    const found = await readCertificates(file);
    if (found.length > 0) return found;
  }
  return [];
}

async function readDirectories(
  directories: readonly string[],
  isWanted: (name: string) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const directory of directories) {
    const names = await readdir(directory).catch(() => []);
    for (const name of names.filter(isWanted).slice(0, MAX_CERTIFICATES)) {
      found.push(...(await readCertificates(join(directory, name))));
    }
  }
  return found;
}

/** Trusted certificates are compared as text, so every one is written the same way. */
async function readCertificates(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return (text.match(CERTIFICATE) ?? []).map((each) => each.replaceAll('\r', ''));
}

async function validOf(list: readonly string[]): Promise<string[]> {
  const valid: string[] = [];
  for (const [index, pem] of list.entries()) {
    if (index % CERTIFICATES_PER_TURN === 0) await nextTurn();
    if (isCertificate(pem)) valid.push(pem);
  }
  return valid;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
