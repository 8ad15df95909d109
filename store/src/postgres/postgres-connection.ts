import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type { PoolClient } from 'pg';
import { StoreError } from '../store-error.ts';
import { storeErrorOf } from './postgres-outage.ts';

/**
 * A connection while one caller has it. A statement without a response in time may still run, and a half-open connection
 * gives no response ever: it is destroyed, and so is one whose transaction could not be ended.
 */
export class PostgresConnection implements DatabaseConnection {
  readonly #client: PoolClient;
  readonly #timeout: number;
  readonly #onFailure: (error: unknown) => void;
  #isUsable = true;
  readonly #onError = (error: unknown) => {
    this.#isUsable = false;
    this.#onFailure(storeErrorOf(error));
  };

  constructor(client: PoolClient, timeout: number, onFailure: (error: unknown) => void) {
    this.#client = client;
    this.#timeout = timeout;
    this.#onFailure = onFailure;
    // The pool listens only while nobody has the connection, and without a listener its end would end the process.
    client.on('error', this.#onError);
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    // Always unnamed: a prepared statement would not be there when pgbouncer uses another connection.
    const { rows, rowCount, command } = await this.#run(() => this.#client.query(sql, [...parameters]));
    const isWrite = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE';
    return { rows: rows as Row[], ...(isWrite ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}) };
  }

  /** Runs statements without parameters in one message, and returns the command tag of the last one. */
  async execute(sql: string): Promise<string> {
    const results: unknown = await this.#run(() => this.#client.query(sql));
    const last: unknown = Array.isArray(results) ? results.at(-1) : results;
    return typeof last === 'object' && last !== null && 'command' in last ? String(last.command) : '';
  }

  /** Ends the transaction, if one is open. Never throws: a connection on which that fails is not used again. */
  async rollback(): Promise<void> {
    if (!this.#isUsable) return;
    try {
      await this.execute('rollback');
    } catch {
      this.#isUsable = false;
    }
  }

  release(): void {
    // A connection that is destroyed may fail once more.
    if (this.#isUsable) this.#client.off('error', this.#onError);
    this.#client.release(!this.#isUsable);
  }

  // biome-ignore lint/correctness/useYield: kysely requires the method, but nothing streams from the store.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new StoreError('failed', 'The store does not stream results.');
  }

  async #run<Result>(query: () => Promise<Result>): Promise<Result> {
    if (!this.#isUsable)
      throw new StoreError('failed', 'The connection to the database failed before.', {
        outage: 'unreachable',
      });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        late.reject(new StoreError('timeout', `The database did not respond within ${this.#timeout} ms.`)),
      this.#timeout,
    );
    try {
      return await Promise.race([query(), late.promise]);
    } catch (error) {
      const translated = storeErrorOf(error);
      if (translated.failure === 'timeout' || translated.outage === 'unreachable') this.#isUsable = false;
      this.#onFailure(translated);
      throw translated;
    } finally {
      clearTimeout(timer);
    }
  }
}
