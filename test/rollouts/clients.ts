import { setTimeout as delay } from 'node:timers/promises';
import type { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';

export type ClientsSeen = { transactions: number; readonly errors: string[] };

const RUN_SECONDS = 2;
const IDLE_MS = 50;

/** Runs pgbench through a connection again and again, which connects for each transaction. Stop it by disposing. */
export class ConnectingClients implements AsyncDisposable {
  readonly seen: ClientsSeen = { transactions: 0, errors: [] };
  readonly #program: string;
  readonly #postgres: Postgres;
  readonly #port: number;
  readonly #rate: number;
  #state: 'running' | 'paused' | 'stopped' = 'running';
  #run: Promise<void> | undefined;
  readonly #ended: Promise<void>;

  /** `rate`: transactions per second. */
  constructor(program: string, postgres: Postgres, port: number, rate: number) {
    this.#program = program;
    this.#postgres = postgres;
    this.#port = port;
    this.#rate = rate;
    this.#ended = this.#repeat();
  }

  /** Starts no more, and resolves when what has begun is over. */
  async pause(): Promise<void> {
    this.#state = 'paused';
    await this.#run;
  }

  resume(): void {
    if (this.#state === 'paused') this.#state = 'running';
  }

  async #repeat(): Promise<void> {
    while (this.#state !== 'stopped') {
      if (this.#state === 'paused') {
        await delay(IDLE_MS);
        continue;
      }
      this.#run = this.#once();
      await this.#run;
    }
  }

  async #once(): Promise<void> {
    const { user, password, database } = this.#postgres;
    await using running = await ManagedProcess.start({
      command: this.#program,
      args: [
        ...['-n', '-C', '-S', '-c', '2', '-R', String(this.#rate), '-T', String(RUN_SECONDS)],
        ...['-h', '127.0.0.1', '-p', String(this.#port), '-U', user, database],
      ],
      env: { PGPASSWORD: password, PGCONNECT_TIMEOUT: '60' },
    });
    const { code } = await running.exit(120_000);
    const { output } = running;
    this.seen.transactions += Number(/transactions actually processed: (\d+)/.exec(output)?.[1] ?? 0);
    const errors = output.split('\n').filter((line) => /error|abort|fatal/i.test(line));
    if (code !== 0 || errors.length > 0) this.seen.errors.push(...errors, `pgbench ended with ${code}.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'stopped';
    await this.#ended;
  }
}
