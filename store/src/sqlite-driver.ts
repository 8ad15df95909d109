import type { SQLInputValue } from 'node:sqlite';
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely';
import { SqliteThread } from './sqlite-thread.ts';
import { StoreError } from './store-error.ts';

export type SqliteDriverOptions = {
  readonly file: string;
  /** Statements that configure each connection to the file. */
  readonly pragmas: string;
  /** Milliseconds that SQLite waits for the lock of another process. */
  readonly busyTimeout: number;
  /** Milliseconds that a caller waits for its turn, and then for each statement. */
  readonly turnTimeout: number;
  readonly statementTimeout: number;
  /** Maximum number of callers waiting for their turn. Further ones are rejected immediately. */
  readonly maxWaiting: number;
  /** Called with each error that a caller receives. */
  readonly onFailure: (error: unknown) => void;
};

type Waiter = { readonly grant: () => void; readonly reject: (error: StoreError) => void };

/**
 * A kysely driver over one SqliteThread. Callers take turns, since a transaction occupies the connection. Kysely's own
 * queue is not used, because it has neither a bound nor a deadline. If the thread has died, the next turn starts a new one.
 */
export class SqliteDriver implements Driver {
  readonly #options: SqliteDriverOptions;
  readonly #waiting: Waiter[] = [];
  #thread: SqliteThread | undefined;
  #turn: 'free' | 'taken' | 'closed' = 'free';
  /** Called when the last turn ends. */
  #onIdle: (() => void) | undefined;

  constructor(options: SqliteDriverOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    await this.#liveThread();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const { onFailure } = this.#options;
    await this.#takeTurn().catch((error: unknown) => {
      onFailure(error);
      throw error;
    });
    try {
      return new SqliteConnection(await this.#liveThread(), onFailure);
    } catch (error) {
      this.#passTurn();
      onFailure(error);
      throw error;
    }
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // IMMEDIATE takes the write lock now. Upgrading a read lock later can fail regardless of the timeout.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof SqliteConnection) connection.thread.reset();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    // A statement that timed out may still have opened a transaction.
    if (connection instanceof SqliteConnection && connection.hasFailed) connection.thread.reset();
    this.#passTurn();
  }

  /** Writes to the disk without changing data. Throws StoreError. */
  async probe(): Promise<void> {
    const connection = await this.acquireConnection();
    try {
      await connection.executeQuery(CompiledQuery.raw('pragma user_version = 0'));
    } finally {
      await this.releaseConnection(connection);
    }
  }

  async destroy(): Promise<void> {
    const busy = this.#turn === 'taken';
    this.#turn = 'closed';
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
    if (busy) await this.#lastTurn();
    await this.#thread?.close();
  }

  /** Resolves at the end of the running turn, or after `turnTimeout`. */
  #lastTurn(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.turnTimeout);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #liveThread(): Promise<SqliteThread> {
    if (this.#thread?.isStalled)
      throw new StoreError('timeout', 'The store is still executing an earlier statement.');
    if (this.#thread === undefined || this.#thread.hasEnded) {
      const { file, pragmas, busyTimeout, statementTimeout } = this.#options;
      this.#thread = await SqliteThread.start({ file, busyTimeout, pragmas }, statementTimeout);
    }
    return this.#thread;
  }

  #takeTurn(): Promise<void> {
    if (this.#turn === 'closed') return Promise.reject(closed());
    if (this.#turn === 'free') {
      this.#turn = 'taken';
      return Promise.resolve();
    }
    const { maxWaiting, turnTimeout } = this.#options;
    if (this.#waiting.length >= maxWaiting) {
      return Promise.reject(new StoreError('full', `${maxWaiting} callers are waiting for the store.`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new StoreError('timeout', `The store was busy for ${turnTimeout} ms.`));
      }, turnTimeout);
      const settle = (act: () => void) => {
        clearTimeout(timer);
        act();
      };
      const waiter: Waiter = {
        grant: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      this.#waiting.push(waiter);
    });
  }

  #passTurn(): void {
    if (this.#turn === 'closed') {
      this.#onIdle?.();
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#turn = 'free';
    else next.grant();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly thread: SqliteThread;
  readonly #onFailure: (error: unknown) => void;
  hasFailed = false;

  constructor(thread: SqliteThread, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
    this.thread = thread;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const { rows, changes } = await this.thread.execute(sql, parameters as readonly SQLInputValue[]);
      return { rows: rows as Row[], ...(changes === undefined ? {} : { numAffectedRows: changes }) };
    } catch (error) {
      this.hasFailed = true;
      this.#onFailure(error);
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: kysely requires the method, but nothing streams from the store.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new StoreError('failed', 'The embedded store does not stream results.');
  }
}

const closed = () => new StoreError('closed', 'The store is closed.');
