import type { SQLInputValue } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { workerModule } from '@penstock/runtime';
import type { SqliteReply, SqliteRequest, SqliteResult, SqliteWorkerData } from './sqlite-message.ts';
import { StoreError } from './store-error.ts';
import { RESTORE_ADVICE } from './store-file.ts';

type Pending = {
  readonly resolve: (result: SqliteResult) => void;
  readonly reject: (error: StoreError) => void;
  readonly timer: NodeJS.Timeout;
};

/**
 * MiB of both halves of the young generation, which are 1 MiB each then, and of large objects. Each thread's would grow to 48 as soon as
 * the flags of the process let that of the main thread grow (`sizeYoungGeneration`).
 */
const YOUNG_GENERATION_MB = 3;

/**
 * One SQLite connection in a separate thread. After it has ended, a new one must be started. It keeps the process alive
 * only while a caller waits for it, so that a process whose startup failed can exit.
 */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #file: string;
  readonly #timeout: number;
  readonly #pending = new Map<number, Pending>();
  readonly #overdue = new Set<number>();
  readonly #ended: Promise<void>;
  #end: StoreError | undefined;
  #lastId = 0;

  private constructor(data: SqliteWorkerData, timeout: number) {
    this.#file = data.file;
    this.#timeout = timeout;
    // The Node options of this process are for its main thread, and some of them are rejected for a worker.
    this.#worker = new Worker(workerModule('sqlite-worker', import.meta.url), {
      workerData: data,
      name: 'store',
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('error', (cause) => this.#fail(this.#failure('failed.', { cause })));
    this.#worker.once('exit', () => this.#fail(this.#failure('stopped.')));
  }

  /** Opens the file. `timeout` limits each statement, in milliseconds. Throws StoreError `failed`. */
  static async start(data: SqliteWorkerData, timeout: number): Promise<SqliteThread> {
    const thread = new SqliteThread(data, timeout);
    const worker = thread.#worker;
    await new Promise<void>((resolve, reject) => {
      worker.once('exit', () => reject(thread.#end));
      worker.on('message', (reply: SqliteReply) => {
        if (reply.kind === 'open') resolve();
        else if (reply.kind === 'open-failed')
          reject(
            reply.isDamaged
              ? thread.#failure(`cannot be opened: ${reply.message}. ${RESTORE_ADVICE}`, {
                  failure: 'damaged',
                })
              : thread.#failure(`cannot be opened: ${reply.message}.`),
          );
        else thread.#onReply(reply);
      });
    }).catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
    });
    worker.unref();
    return thread;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** True while a statement runs whose caller has timed out: the disk or a lock blocks the thread. */
  get isStalled(): boolean {
    return this.#overdue.size > 0;
  }

  execute(sql: string, parameters: readonly SQLInputValue[]): Promise<SqliteResult> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#overdue.add(id);
        this.#forget(id);
        reject(new StoreError('timeout', `The store did not respond within ${this.#timeout} ms.`));
      }, this.#timeout);
      this.#pending.set(id, { resolve, reject, timer });
      this.#worker.ref();
      this.#send({ kind: 'statement', id, sql, parameters });
    });
  }

  /** Rolls back an open transaction before any later statement. */
  reset(): void {
    if (this.#end === undefined) this.#send({ kind: 'reset' });
  }

  /** Finishes the queued statements, closes the file and ends the thread, which is terminated if that takes too long. */
  async close(): Promise<void> {
    this.#worker.ref();
    if (this.#end === undefined) this.#send({ kind: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), this.#timeout);
    await this.#ended;
    clearTimeout(timer);
  }

  #send(request: SqliteRequest): void {
    this.#worker.postMessage(request);
  }

  #onReply(reply: Extract<SqliteReply, { id: number }>): void {
    this.#overdue.delete(reply.id);
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#forget(reply.id);
    if (reply.kind === 'result') pending.resolve(reply.result);
    else {
      const { message, outage } = reply;
      const failure = outage === 'unusable' ? 'damaged' : 'failed';
      pending.reject(new StoreError(failure, `The store rejected a statement: ${message}.`, { outage }));
    }
  }

  #forget(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #fail(error: StoreError): void {
    this.#end ??= error;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(this.#end);
    }
    this.#pending.clear();
    this.#overdue.clear();
  }

  #failure(
    predicate: string,
    { failure = 'failed', cause }: { failure?: 'failed' | 'damaged'; cause?: unknown } = {},
  ): StoreError {
    return new StoreError(failure, `The store ${this.#file} ${predicate}`, { cause });
  }
}
