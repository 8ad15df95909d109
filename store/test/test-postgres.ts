import { after } from 'node:test';
import pg from 'pg';
import { Postgres, type PostgresOptions } from '../../test/rig/postgres.ts';
import { createPostgresStore, type PostgresStoreOptions } from '../src/postgres/open-postgres-store.ts';
import type { PostgresTarget } from '../src/postgres/postgres-target.ts';
import type { Store } from '../src/sql-store.ts';

let server: Promise<Postgres> | undefined;
let databases = 0;

/** The PostgreSQL server of this test file, which is started when it is first needed. */
export function sharedPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  server ??= Postgres.start(options);
  return server;
}

after(async () => {
  await (await server)?.[Symbol.asyncDispose]();
});

/** The target of a new, empty database on the server. */
export async function newDatabase(postgres: Postgres): Promise<PostgresTarget> {
  databases += 1;
  const database = `store_${databases}`;
  await query(postgres, `create database ${database}`);
  const { host, port } = postgres.address;
  return { host, port, user: postgres.user, password: postgres.password, database, tls: { mode: 'disable' } };
}

/** Runs statements as the superuser, over a connection of their own. */
export async function query(
  postgres: Postgres,
  sql: string,
  database = postgres.database,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...postgres.clientConfig(), database });
  client.on('error', () => {});
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return Array.isArray(result) ? [] : result.rows;
  } finally {
    await client.end();
  }
}

export type TestPostgresStore = AsyncDisposable & { readonly store: Store; readonly target: PostgresTarget };

/** Opens an empty store in a database of its own. */
export async function openTestPostgresStore(
  options: Partial<PostgresStoreOptions> = {},
): Promise<TestPostgresStore> {
  const target = options.target ?? (await newDatabase(await sharedPostgres()));
  const store = await createPostgresStore({ timeout: 10_000, poolSize: 4, ...options, target });
  return { store, target, [Symbol.asyncDispose]: () => store.close() };
}
