import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { fileFailureText } from '@penstock/runtime';
import { StoreError } from '../store-error.ts';

/** How the server is authenticated, as in libpq. `disable`: plaintext. */
export type PostgresTls =
  | { readonly mode: 'disable' }
  | {
      readonly mode: 'require' | 'verify-ca' | 'verify-full';
      /** PEM files. Undefined: the certificate authorities that this process trusts. */
      readonly rootCertificate: string | undefined;
      readonly certificate: string | undefined;
      readonly key: string | undefined;
    };

/** A database and the account that owns its tables. */
export type PostgresTarget = {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: PostgresTls;
};

/** `host:port/database`: where it is, without the account. For messages to people on the host. */
export const placeOf = ({ host, port, database }: PostgresTarget) =>
  `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;

/** Reads the files that TLS to the server needs. Throws StoreError. */
export async function tlsOptions({ host, tls }: PostgresTarget): Promise<ConnectionOptions | false> {
  if (tls.mode === 'disable') return false;
  const pem = (file: string | undefined, parameter: string) =>
    file === undefined
      ? undefined
      : readFile(file, 'utf8').catch((cause: unknown) => {
          const text = fileFailureText(`${parameter} of the store's url cannot be read`, file, cause);
          throw new StoreError('failed', text, { cause });
        });
  const ca = await pem(tls.rootCertificate, 'sslrootcert');
  const cert = await pem(tls.certificate, 'sslcert');
  const key = await pem(tls.key, 'sslkey');
  return {
    servername: isName(host) ? host : '',
    minVersion: 'TLSv1.2',
    rejectUnauthorized: tls.mode !== 'require',
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(tls.mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

/** RFC 6066 section 3 allows no addresses in SNI. */
const isName = (host: string) => !host.includes(':') && !/^[0-9.]+$/.test(host);
