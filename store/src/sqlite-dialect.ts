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

/** Kysely's SQLite, with the connection in a thread of its own (docs/decisions/0002). */
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
  /** The driver takes turns itself. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  /** A migration is whole or not there, and a second process that migrates waits for the first. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
