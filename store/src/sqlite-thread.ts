import { extname } from 'node:path';
import type { SQLInputValue } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SqliteAnswer, SqliteRequest, SqliteResult, SqliteWorkerData } from './sqlite-message.ts';
import { StoreError } from './store-error.ts';

// The worker is a .ts file in the sources and a .js file in a build: the same ending as this file has.
const workerFile = new URL(`./sqlite-worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

const RESTORE =
  ' Restore the data directory from a backup. Without one, move the file away with its -wal and -shm and run ' +
  'penstock-gateway init. All tokens, revocations and the audit trail are lost then: every agent has to enroll again ' +
  'before its certificate ends, and the certificates of revoked agents count again until they end.';

type Pending = {
  readonly resolve: (result: SqliteResult) => void;
  readonly reject: (error: StoreError) => void;
  readonly timer: NodeJS.Timeout;
};

/**
 * One SQLite connection in a thread of its own. It lives once: after its end a new one has to be started. It keeps
 * the process alive only while somebody waits for it, so that a start that failed half-way can end.
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
    // Node's options of this process are for its main program, and some of them are refused for a worker.
    this.#worker = new Worker(workerFile, { workerData: data, name: 'store', execArgv: [] });
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('error', (cause) => this.#over(this.#failure('stopped working.', cause)));
    this.#worker.once('exit', () => this.#over(this.#failure('ended.')));
  }

  /** Opens `file`, in milliseconds `timeout` for each statement. Throws StoreError `failed`. */
  static async start(data: SqliteWorkerData, timeout: number): Promise<SqliteThread> {
    const thread = new SqliteThread(data, timeout);
    const worker = thread.#worker;
    await new Promise<void>((resolve, reject) => {
      worker.once('exit', () => reject(thread.#end));
      worker.on('message', (answer: SqliteAnswer) => {
        if (answer.kind === 'open') resolve();
        else if (answer.kind === 'open-failed')
          reject(thread.#failure(`cannot be opened: ${answer.message}.${answer.damaged ? RESTORE : ''}`));
        else thread.#answered(answer);
      });
    }).catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
    });
    worker.unref();
    return thread;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** True while a statement is out whose caller no longer waits: the disk or a lock holds the thread. */
  get stalled(): boolean {
    return this.#overdue.size > 0;
  }

  execute(sql: string, parameters: readonly SQLInputValue[]): Promise<SqliteResult> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#overdue.add(id);
        this.#settled(id);
        reject(new StoreError('timeout', `The store did not answer within ${this.#timeout} ms.`));
      }, this.#timeout);
      this.#pending.set(id, { resolve, reject, timer });
      this.#worker.ref();
      this.#ask({ kind: 'statement', id, sql, parameters });
    });
  }

  /** Rolls back what is open, before any statement that comes later. */
  reset(): void {
    if (this.#end === undefined) this.#ask({ kind: 'reset' });
  }

  /** Finishes what was asked, closes the file and ends the thread; a thread that does not end in time is stopped. */
  async close(): Promise<void> {
    this.#worker.ref();
    if (this.#end === undefined) this.#ask({ kind: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), this.#timeout);
    await this.#ended;
    clearTimeout(timer);
  }

  #ask(request: SqliteRequest): void {
    this.#worker.postMessage(request);
  }

  #answered(answer: Extract<SqliteAnswer, { id: number }>): void {
    this.#overdue.delete(answer.id);
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#settled(answer.id);
    if (answer.kind === 'result') pending.resolve(answer.result);
    else {
      const { message, outage } = answer;
      pending.reject(new StoreError('failed', `The store refused a statement: ${message}.`, { outage }));
    }
  }

  #settled(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #over(error: StoreError): void {
    this.#end ??= error;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(this.#end);
    }
    this.#pending.clear();
    this.#overdue.clear();
  }

  #failure(what: string, cause?: unknown): StoreError {
    return new StoreError('failed', `The store ${this.#file} ${what}`, { cause });
  }
}
