// Ordinary clients that connect to the balancer again and again, and run a query each time.
import pg from 'pg';

export type Counts = { newConnections: number; failed: number; cut: number };

/** Clients that work at the same time until they are stopped. */
export class Load {
  readonly counts: Counts = { newConnections: 0, failed: 0, cut: 0 };
  /** The first failure, to be shown. */
  problem: string | undefined;
  readonly #config: pg.ClientConfig;
  readonly #workers: readonly Promise<void>[];
  #isStopped = false;

  constructor(config: pg.ClientConfig, workers: number) {
    this.#config = config;
    this.#workers = Array.from({ length: workers }, () => this.#work());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    while (!this.#isStopped) {
      const client = new pg.Client(this.#config);
      client.on('error', () => {});
      this.counts.newConnections += 1;
      try {
        await client.connect();
      } catch (error) {
        this.counts.failed += 1;
        this.problem ??= `connect: ${String(error)}`;
        continue;
      }
      try {
        for (let query = 0; query < 5; query += 1) await client.query('select pg_sleep(0.02)');
      } catch (error) {
        this.counts.cut += 1;
        this.problem ??= `query: ${String(error)}`;
      }
      await client.end().catch(() => {});
    }
  }
}

/** Connects until it succeeds, and returns the milliseconds that took. */
export async function firstSuccess(config: pg.ClientConfig): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const client = new pg.Client({ ...config, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('select 1');
      return Math.round(performance.now() - startedAt);
    } catch {
      // The balancer may still have chosen the replica that is gone.
    } finally {
      await client.end().catch(() => {});
    }
  }
}
