import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAuthority } from '../rig/certificates.ts';
import { serverNames } from './tested-ingress.ts';

const PASSWORD = 'changeit';

/**
 * System properties with which a JVM trusts `authority` like a public CA and resolves the server names of the
 * connections to 127.0.0.1. Their files are kept in `directory`.
 */
export async function jvmTrust(
  directory: string,
  authority: TestAuthority,
  connections: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const certificate = join(directory, 'authority.pem');
  // JKS, because mssql-jdbc reads the store without its password and would find a PKCS #12 store empty.
  const store = join(directory, 'authority.jks');
  const hosts = join(directory, 'hosts');
  await writeFile(certificate, authority.certificate);
  const names = connections.flatMap(serverNames);
  await writeFile(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`);
  const { status, stdout, stderr } = spawnSync(
    'keytool',
    [
      '-importcert',
      '-noprompt',
      '-alias',
      'authority',
      '-file',
      certificate,
      '-keystore',
      store,
      '-storetype',
      'JKS',
      '-storepass',
      PASSWORD,
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );
  if (status !== 0) throw new Error(`keytool failed: ${stdout}${stderr}`);
  return {
    'javax.net.ssl.trustStore': store,
    'javax.net.ssl.trustStorePassword': PASSWORD,
    'jdk.net.hosts.file': hosts,
  };
}
