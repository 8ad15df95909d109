import { Socket } from 'node:net';
import type { DatabaseConnection, Driver, TransactionSettings } from 'kysely';
import type pg from 'pg';
import { StoreError } from '../store-error.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { storeErrorOf } from './postgres-outage.ts';
import { type PostgresTarget, tlsOptions } from './postgres-target.ts';

export type PostgresDriverOptions = {
  readonly target: PostgresTarget;
  readonly poolSize: number;
  /** Milliseconds for each statement, and for a connection unless `connectTimeout` is set. */
  readonly timeout: number;
  readonly connectTimeout?: number;
  /** Maximum number of callers waiting for a connection. Further ones are rejected immediately. */
  readonly maxWaiting: number;
  /** Called with each error that a caller receives, and with those of idle connections. */
  readonly onFailure: (error: unknown) => void;
};

/** Milliseconds after which an unused connection is closed. */
const IDLE_TIMEOUT_MS = 30_000;
/** Seconds after which a connection is replaced, so that a failover behind a name or a balancer is followed. */
const MAX_LIFETIME_S = 900;
const KEEPALIVE_DELAY_MS = 10_000;
/** Oid of int8. Times and revisions are below 2^53. */
const INT8 = 20;

/**
 * A kysely driver over a pool of pg, with bounds on waiting and on every statement. It keeps no state in sessions of the
 * database, so pgbouncer may change them between transactions.
 */
export class PostgresDriver implements Driver {
  readonly #options: PostgresDriverOptions;
  #pool: pg.Pool | undefined;
  readonly #sockets = new Set<Socket>();
  #isClosed = false;

  constructor(options: PostgresDriverOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    await this.#openPool();
  }

  async acquireConnection(): Promise<PostgresConnection> {
    const { timeout, maxWaiting, onFailure } = this.#options;
    try {
      if (this.#isClosed) throw closed();
      const pool = await this.#openPool();
      if (pool.waitingCount >= maxWaiting) {
        throw new StoreError('full', `${maxWaiting} callers are waiting for the store.`);
      }
      const client = await pool.connect();
      return new PostgresConnection(client, timeout, onFailure);
    } catch (error) {
      const translated = this.#isClosed ? closed() : this.#acquiringFailed(error);
      onFailure(translated);
      throw translated;
    }
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const { timeout } = this.#options;
    if (!(connection instanceof PostgresConnection)) return;
    const isWriting = settings.isolationLevel === 'serializable';
    try {
      await connection.execute(
        `begin isolation level ${settings.isolationLevel ?? 'read committed'};` +
          // Only for this transaction. A gateway that stops in the middle must not hold its locks.
          ` set local statement_timeout = ${timeout};` +
          ` set local idle_in_transaction_session_timeout = ${timeout * 2};` +
          (isWriting ? ` set local lock_timeout = ${timeout}; ${WRITERS_TAKE_TURNS}` : ''),
      );
    } catch (error) {
      await connection.rollback();
      throw error;
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    if (!(connection instanceof PostgresConnection)) return;
    // After an error that was caught, COMMIT rolls back and succeeds.
    if ((await connection.execute('commit')) === 'COMMIT') return;
    throw new StoreError('failed', 'A statement failed inside the transaction, which was rolled back.', {
      outage: 'none',
    });
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof PostgresConnection) await connection.rollback();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof PostgresConnection) connection.release();
  }

  /** Closes the pool once all callers have their results. */
  async destroy(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, this.#options.timeout);
    await this.#pool?.end();
    clearTimeout(timer);
  }

  /** A socket that can be destroyed when the pool waits in vain for the other end of a half-open connection. */
  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  async #openPool(): Promise<pg.Pool> {
    if (this.#pool !== undefined) return this.#pool;
    const { target, poolSize, timeout, connectTimeout = timeout, onFailure } = this.#options;
    const { host, port, user, password, database } = target;
    const ssl = await tlsOptions(target);
    // Most gateways have an embedded store, and never need it.
    const { default: library } = await import('pg');
    this.#pool ??= new library.Pool({
      host,
      port,
      user,
      database,
      // Undefined would make pg read PGPASSWORD and ~/.pgpass.
      password: password ?? '',
      ssl,
      application_name: 'penstock-gateway',
      max: poolSize,
      connectionTimeoutMillis: connectTimeout,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      maxLifetimeSeconds: MAX_LIFETIME_S,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
      allowExitOnIdle: true,
      types: { getTypeParser: typeParser(library) },
      stream: () => this.#socket(),
    });
    // Without a listener, the end of an idle connection would end the process.
    if (this.#pool.listenerCount('error') === 0) {
      this.#pool.on('error', (error) => onFailure(storeErrorOf(error)));
    }
    return this.#pool;
  }

  #acquiringFailed(error: unknown): StoreError {
    const translated = storeErrorOf(error);
    const pool = this.#pool;
    // pg waits as long for a connection in use as for a new one, and reports both in the same way.
    const isBusy = pool !== undefined && pool.totalCount >= this.#options.poolSize && pool.idleCount === 0;
    if (translated.outage !== 'unreachable' || !isBusy) return translated;
    return new StoreError(
      'timeout',
      `All connections to the database were in use for ${this.#options.timeout} ms.`,
      {
        cause: error,
      },
    );
  }
}

/**
 * One writing transaction at a time, as in SQLite. LOCK TABLE takes no snapshot, so what follows sees everything that was
 * committed before: writers wait rather than fail and run again (PostgreSQL documentation, "Explicit Locking"). Readers
 * are not affected.
 */
const WRITERS_TAKE_TURNS = 'lock table cluster in exclusive mode';

const typeParser = ({ types }: typeof pg): typeof pg.types.getTypeParser =>
  ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser;

const closed = () => new StoreError('closed', 'The store is closed.');
