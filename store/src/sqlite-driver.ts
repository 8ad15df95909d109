import type { SQLInputValue } from 'node:sqlite';
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely';
import { SqliteThread } from './sqlite-thread.ts';
import { StoreError } from './store-error.ts';

export type SqliteDriverOptions = {
  readonly file: string;
  /** Milliseconds SQLite waits for another process that writes. */
  readonly busyTimeout: number;
  /** Milliseconds a caller waits for its turn, and then for each statement. */
  readonly turnTimeout: number;
  readonly statementTimeout: number;
  /** Callers that may wait for their turn; the next is refused at once. */
  readonly maxWaiting: number;
  /** Told of each failure that a caller is told of. */
  readonly onFailure: (error: unknown) => void;
};

type Waiter = { readonly grant: () => void; readonly refuse: (error: StoreError) => void };

/**
 * Kysely over one SqliteThread. Turns are taken one at a time, since a transaction holds the connection. Kysely's
 * own turnstile is not used: it has neither a bound nor a deadline. A thread that died is started again on
 * the next turn.
 */
export class SqliteDriver implements Driver {
  readonly #options: SqliteDriverOptions;
  readonly #waiting: Waiter[] = [];
  #thread: SqliteThread | undefined;
  #turn: 'free' | 'taken' | 'closed' = 'free';
  /** Who waits for the last turn to end. */
  #whenIdle: (() => void) | undefined;

  constructor(options: SqliteDriverOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    await this.#live();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const { onFailure } = this.#options;
    await this.#takeTurn().catch((error: unknown) => {
      onFailure(error);
      throw error;
    });
    try {
      return new SqliteConnection(await this.#live(), onFailure);
    } catch (error) {
      this.#passTurn();
      onFailure(error);
      throw error;
    }
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // IMMEDIATE takes the write lock now: a lock that has to be raised later can fail however long one waits.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof SqliteConnection) connection.thread.reset();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    // A statement that was given up may have opened a transaction after all.
    if (connection instanceof SqliteConnection && connection.failed) connection.thread.reset();
    this.#passTurn();
  }

  /** Writes without a change: the disk has to take it. Throws StoreError. */
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
    for (const { refuse } of this.#waiting.splice(0)) refuse(closed());
    if (busy) await this.#lastTurn();
    await this.#thread?.close();
  }

  /** The end of the turn that runs, or `turnTimeout`. */
  #lastTurn(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.turnTimeout);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #live(): Promise<SqliteThread> {
    if (this.#thread?.stalled)
      throw new StoreError('timeout', 'The store still works on an earlier statement.');
    if (this.#thread === undefined || this.#thread.ended) {
      const { file, busyTimeout, statementTimeout } = this.#options;
      this.#thread = await SqliteThread.start({ file, busyTimeout }, statementTimeout);
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
      return Promise.reject(new StoreError('full', `${maxWaiting} callers already wait for the store.`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new StoreError('timeout', `The store was busy for ${turnTimeout} ms.`));
      }, turnTimeout);
      const settle = (how: () => void) => {
        clearTimeout(timer);
        how();
      };
      const waiter: Waiter = {
        grant: () => settle(resolve),
        refuse: (error) => settle(() => reject(error)),
      };
      this.#waiting.push(waiter);
    });
  }

  #passTurn(): void {
    if (this.#turn === 'closed') {
      this.#whenIdle?.();
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
  failed = false;

  constructor(thread: SqliteThread, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
    this.thread = thread;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const { rows, changes } = await this.thread.execute(sql, parameters as readonly SQLInputValue[]);
      return { rows: rows as Row[], ...(changes === undefined ? {} : { numAffectedRows: changes }) };
    } catch (error) {
      this.failed = true;
      this.#onFailure(error);
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: kysely asks for the method; nothing of ours streams from the store.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new StoreError('failed', 'The embedded store does not stream results.');
  }
}

const closed = () => new StoreError('closed', 'The store is closed.');
