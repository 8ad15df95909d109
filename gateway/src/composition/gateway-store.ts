import {
  type DatabaseStore,
  type GatewayConfig,
  parseDatabaseUrl,
  type Secret,
} from '@penstock/config-schema';
import {
  createPostgresStore,
  createStore,
  openPostgresStore,
  openStore,
  type PostgresStoreOptions,
  type PostgresTarget,
  type Store,
} from '@penstock/store';

/** The store of a configuration, which must exist. Throws StoreError. */
export function openGatewayStore({ store, dataDirectory }: GatewayConfig): Promise<Store> {
  return store === undefined ? openStore(dataDirectory) : openPostgresStore(postgresOptions(store));
}

/** The same, but creates the tables where there are none. Throws StoreError. */
export function createGatewayStore({ store, dataDirectory }: GatewayConfig): Promise<Store> {
  return store === undefined ? createStore(dataDirectory) : createPostgresStore(postgresOptions(store));
}

export function postgresOptions({ url, directUrl, poolSize, timeout }: DatabaseStore): PostgresStoreOptions {
  return {
    target: targetOf(url),
    directTarget: directUrl === undefined ? undefined : targetOf(directUrl),
    poolSize,
    timeout,
  };
}

function targetOf(url: Secret): PostgresTarget {
  const parsed = parseDatabaseUrl(url.reveal());
  if (!parsed.ok) throw new TypeError('A database URL was accepted and then refused.');
  return parsed.value;
}
