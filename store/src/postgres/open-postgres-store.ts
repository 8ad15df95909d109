import { setTimeout as delay } from 'node:timers/promises';
import { CamelCasePlugin, CompiledQuery, Kysely, sql } from 'kysely';
import { postgresClock } from '../database-clock.ts';
import { migrate } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { type Store, sqlStore } from '../sql-store.ts';
import { StoreError } from '../store-error.ts';
import { StoreHealth } from '../store-health.ts';
import { requireStore, storeMigrations } from '../store-tables.ts';
import { ColumnTypesPlugin, PostgresPoolDialect } from './postgres-dialect.ts';
import { PostgresDriver } from './postgres-driver.ts';
import { isConflict } from './postgres-outage.ts';
import { type PostgresTarget, placeOf } from './postgres-target.ts';

export type PostgresStoreOptions = {
  /** The database, or pgbouncer in front of it. */
  readonly target: PostgresTarget;
  /** The database itself, for migrations. Default: `target`. */
  readonly directTarget?: PostgresTarget | undefined;
  readonly poolSize?: number;
  /** Milliseconds for a connection, and again for each statement. */
  readonly timeout?: number;
  readonly maxWaiting?: number;
};

const defaults = { poolSize: 10, timeout: 2_000, maxWaiting: 512 };

/** Migrations may take longer than any statement of a running gateway. */
const MIGRATION_TIMEOUT_MS = 120_000;
/** Any number, the same in every version: gateways that start together migrate one after the other. */
export const MIGRATION_LOCK = 7_736_478_625;
/** Runs of a transaction that the database ends in favor of another one. */
const MAX_RUNS = 5;
const RETRY_BASE_MS = 10;

/**
 * Opens the store in a PostgreSQL database that `createPostgresStore` prepared, and migrates its tables to this version.
 * Throws StoreError, as every method of the store may. Never creates a store: an empty one has no revocations.
 */
export function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  return open(options, false);
}

/** Like `openPostgresStore`, but creates the tables in a database that has none. Only `init` may. Throws StoreError. */
export function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  return open(options, true);
}

async function open(options: PostgresStoreOptions, orEmpty: boolean): Promise<Store> {
  const { target } = options;
  await prepare(options, orEmpty);
  const health: StoreHealth = new StoreHealth({ probe: () => probe(driver) });
  const driver = new PostgresDriver({
    ...defaults,
    ...defined(options),
    onFailure: (error) => health.failed(error),
  });
  const db = new Kysely<Database>({
    dialect: new PostgresPoolDialect(driver),
    plugins: [new CamelCasePlugin()],
  });
  try {
    await probe(driver);
  } catch (error) {
    await driver.destroy();
    throw located(error, target);
  }
  return sqlStore({
    db,
    now: postgresClock,
    health,
    transact: (work) => retried(() => db.transaction().setIsolationLevel('serializable').execute(work)),
    close: () => driver.destroy(),
  });
}

/** Checks and migrates the tables, over a connection of its own. */
async function prepare(
  { target, directTarget = target }: PostgresStoreOptions,
  orEmpty: boolean,
): Promise<void> {
  const driver = new PostgresDriver({
    ...defaults,
    poolSize: 1,
    target: directTarget,
    timeout: MIGRATION_TIMEOUT_MS,
    connectTimeout: 10_000,
    onFailure: () => {},
  });
  const db = new Kysely<unknown>({
    dialect: new PostgresPoolDialect(driver),
    plugins: [new ColumnTypesPlugin()],
  });
  try {
    const advice =
      `The database ${placeOf(directTarget)} does not have the tables of a penstock-gateway. Run penstock-gateway init ` +
      'if it is new, or penstock-gateway store migrate to move a store into it. Otherwise check store.url, and restore ' +
      'a backup: without its store, revoked agents are accepted again.';
    await requireStore(db, { orEmpty, advice });
    await migrate(db, {
      ...storeMigrations,
      async lock(transaction) {
        await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(transaction);
      },
    });
  } catch (error) {
    throw located(error, directTarget);
  } finally {
    await driver.destroy();
  }
}

/** Writes without changing data, so that a read-only or full database is noticed. Throws StoreError. */
async function probe(driver: PostgresDriver): Promise<void> {
  const connection = await driver.acquireConnection();
  try {
    await connection.executeQuery(CompiledQuery.raw('update cluster set readable_from = readable_from'));
  } finally {
    connection.release();
  }
}

/** Adds where the database is. An operator who starts a gateway may see that; API clients see only the outage. */
function located(error: unknown, target: PostgresTarget): unknown {
  if (!(error instanceof StoreError) || error.message.includes(placeOf(target))) return error;
  return new StoreError(error.failure, `The store ${placeOf(target)} cannot be opened: ${error.message}`, {
    cause: error,
    outage: error.outage ?? 'none',
  });
}

/** Runs a transaction again while the database ends it in favor of another one (40001, 40P01). */
async function retried<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let runs = 1; ; runs += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isConflict(error) || runs === MAX_RUNS) throw error;
      await delay(RETRY_BASE_MS * 2 ** runs * Math.random(), undefined, { ref: false });
    }
  }
}

/** Without the options that are undefined, which would replace defaults. */
function defined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}
