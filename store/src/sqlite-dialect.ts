import {
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqliteDriver } from './sqlite-driver.ts';

/** Kysely's SQLite dialect, with the connection in a separate thread (docs/decisions/0002). */
export class SqliteThreadDialect implements Dialect {
  readonly #driver: SqliteDriver;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new Adapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

class Adapter extends SqliteAdapter {
  /** True, since the driver serializes turns itself. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  /** True, so that a migration is atomic, and a second process waits for the migration of the first. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
