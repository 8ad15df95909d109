import { stat } from 'node:fs/promises';
import type { GatewayConfig } from '@penstock/config-schema';
import {
  createAdminToken,
  ensureAuthority,
  ensureServerCertificate,
  firstHost,
  loadServerCertificate,
} from '@penstock/control-plane';
import { makePrivateDirectory } from '@penstock/runtime';
import { openStore } from '@penstock/store';

/** What `init` found and did: `made` anew, `repaired` around a key that was there, or `there` as it was. */
export type Outcome = 'made' | 'repaired' | 'there';

export type InitResult = {
  readonly dataDirectory: string;
  /** The directory can be looked into by other users of the host. */
  readonly openToOthers: boolean;
  readonly authority: Outcome;
  readonly serverCertificate: Outcome | 'configured';
  readonly pins: readonly string[];
  /** The first name or address in the certificate by which an agent on another host can reach the gateway. */
  readonly certificateHost: string | undefined;
  /** The first admin token, or another when one was asked for; it is shown once. */
  readonly adminToken: { readonly id: string; readonly token: string } | undefined;
};

export type InitOptions = {
  readonly config: GatewayConfig;
  /** Names and addresses agents reach the gateway by, for a certificate that is made. */
  readonly hosts: readonly string[];
  readonly newAdminToken: boolean;
  readonly now: number;
};

/**
 * Makes what a gateway needs before its first start and is missing, and overwrites nothing. Throws
 * IdentityFileError, PrivateFileError or StoreError.
 */
export async function initialize({ config, hosts, newAdminToken, now }: InitOptions): Promise<InitResult> {
  const { dataDirectory, organization } = config;
  await makePrivateDirectory(dataDirectory);
  const authority = await ensureAuthority(dataDirectory, organization, now);
  const serverCertificate =
    config.tunnelTls === undefined ? await ensureServerCertificate(dataDirectory, hosts, now) : 'configured';
  const { pins, certificate } = await loadServerCertificate(config);
  return {
    dataDirectory,
    openToOthers: await isOpenToOthers(dataDirectory),
    authority,
    serverCertificate,
    pins,
    certificateHost: firstHost(certificate),
    adminToken: await adminToken(dataDirectory, newAdminToken, now),
  };
}

async function adminToken(dataDirectory: string, another: boolean, now: number) {
  const store = await openStore(dataDirectory);
  try {
    const tokens = await store.adminTokens.list();
    if (tokens.length > 0 && !another) return undefined;
    const name = tokens.length === 0 ? 'first' : `made on the host, ${new Date(now).toISOString()}`;
    const made = await createAdminToken(store, { name, role: 'admin' }, { id: 'host' }, now);
    return { id: made.id, token: made.token };
  } finally {
    await store.close();
  }
}

async function isOpenToOthers(directory: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(directory)).mode & 0o077) !== 0;
}
