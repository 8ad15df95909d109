import { stat } from 'node:fs/promises';
import type { GatewayConfig } from '@penstock/config-schema';
import {
  createAdminToken,
  ensureAuthority,
  ensureServerCertificate,
  firstPublicHost,
  loadServerCertificate,
} from '@penstock/control-plane';
import { makePrivateDirectory } from '@penstock/runtime';
import { openStore } from '@penstock/store';

/** What `init` did: it `created` a key, `repaired` what was missing beside an existing one, or left it `unchanged`. */
export type Outcome = 'created' | 'repaired' | 'unchanged';

export type InitResult = {
  readonly dataDirectory: string;
  /** Other users of the host can read the directory. */
  readonly openToOthers: boolean;
  readonly authority: Outcome;
  readonly serverCertificate: Outcome | 'configured';
  readonly pins: readonly string[];
  /** The first name or address in the certificate at which another host can reach the gateway. */
  readonly certificateHost: string | undefined;
  /** The first admin token, or the additional one that was requested. It is shown once. */
  readonly adminToken: { readonly id: string; readonly token: string } | undefined;
};

export type InitOptions = {
  readonly config: GatewayConfig;
  /** Names and addresses at which agents reach the gateway, for a certificate that is created. */
  readonly hosts: readonly string[];
  readonly newAdminToken: boolean;
  readonly now: number;
};

/**
 * Creates whatever a gateway needs before its first start and does not have yet. Overwrites nothing. Throws
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
    certificateHost: firstPublicHost(certificate),
    adminToken: await createdAdminToken(dataDirectory, newAdminToken, now),
  };
}

async function createdAdminToken(dataDirectory: string, another: boolean, now: number) {
  const store = await openStore(dataDirectory);
  try {
    const tokens = await store.adminTokens.list();
    if (tokens.length > 0 && !another) return undefined;
    const name = tokens.length === 0 ? 'first' : `created on the host, ${new Date(now).toISOString()}`;
    const created = await createAdminToken(store, { name, role: 'admin' }, { id: 'host' }, now);
    return { id: created.id, token: created.token };
  } finally {
    await store.close();
  }
}

async function isOpenToOthers(directory: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(directory)).mode & 0o077) !== 0;
}
