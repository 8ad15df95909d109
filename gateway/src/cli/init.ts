import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '@penstock/config-schema';
import {
  createAdminToken,
  ensureAuthority,
  ensureServerCertificate,
  firstPublicHost,
  hasAuthority,
  loadServerCertificate,
  openAuthority,
} from '@penstock/control-plane';
import { makePrivateDirectory } from '@penstock/runtime';
import {
  MOVED_ADVICE,
  movedStoreText,
  RESTORE_ADVICE,
  STORE_FILE,
  type Store,
  storeFileState,
} from '@penstock/store';
import { CommandError } from '@penstock/terminal';
import { createGatewayStore, openGatewayStore } from '../composition/gateway-store.ts';

/** What `init` did: it `created` a key, `repaired` what was missing beside an existing one, or left it `unchanged`. */
export type Outcome = 'created' | 'repaired' | 'unchanged';

export type InitResult = {
  readonly dataDirectory: string;
  /** Other users of the host can read the directory. */
  readonly openToOthers: boolean;
  readonly authority: Outcome | 'configured';
  readonly serverCertificate: Outcome | 'configured';
  readonly pins: readonly string[];
  readonly warnings: readonly string[];
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
  /** Accepts that the store of this CA was lost. */
  readonly newStore?: boolean;
  readonly now: number;
};

/**
 * Creates whatever a gateway needs before its first start and does not have yet. Overwrites nothing. Throws
 * IdentityFileError, PrivateFileError or StoreError.
 */
export async function initialize({
  config,
  hosts,
  newAdminToken,
  newStore = false,
  now,
}: InitOptions): Promise<InitResult> {
  const { dataDirectory, organization } = config;
  await makePrivateDirectory(dataDirectory);
  // The store first: a CA without a store then always means that the store was lost.
  const store = await openOrCreateStore(config, newStore);
  await using _closed = { [Symbol.asyncDispose]: () => store.close() };
  const authority =
    config.agentCa === undefined ? await ensureAuthority(dataDirectory, organization, now) : 'configured';
  if (config.agentCa !== undefined) await openAuthority(config);
  const serverCertificate =
    config.tunnelTls === undefined ? await ensureServerCertificate(dataDirectory, hosts, now) : 'configured';
  const { pins, certificate, warnings } = await loadServerCertificate(config);
  return {
    dataDirectory,
    openToOthers: await isOpenToOthers(dataDirectory),
    authority,
    serverCertificate,
    pins,
    warnings,
    certificateHost: firstPublicHost(certificate),
    adminToken: await createdAdminToken(store, newAdminToken, now),
  };
}

/**
 * A store beside an existing CA must be the one of that CA: an empty one has no revocations, and the certificates of revoked
 * agents would be accepted again.
 */
async function openOrCreateStore(config: GatewayConfig, newStore: boolean): Promise<Store> {
  const { dataDirectory } = config;
  if (newStore) return createGatewayStore(config);
  const file = join(dataDirectory, STORE_FILE);
  const isMissing = config.store === undefined && (await storeFileState(file)) === 'missing';
  const moved = isMissing ? await movedStoreText(file) : undefined;
  if (moved !== undefined) throw new CommandError(moved, { suggestion: MOVED_ADVICE });
  if (!(await hasAuthority(dataDirectory))) return createGatewayStore(config);
  if (!isMissing) return openGatewayStore(config);
  throw new CommandError(`${dataDirectory} has an agent CA, but its store ${file} is missing.`, {
    suggestion: RESTORE_ADVICE,
  });
}

async function createdAdminToken(store: Store, another: boolean, now: number) {
  const tokens = await store.adminTokens.list();
  if (tokens.length > 0 && !another) return undefined;
  const name = tokens.length === 0 ? 'first' : `created on the host, ${new Date(now).toISOString()}`;
  const created = await createAdminToken(store, { name, role: 'admin' }, { id: 'host' }, now);
  return { id: created.id, token: created.token };
}

async function isOpenToOthers(directory: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(directory)).mode & 0o077) !== 0;
}
