import type { JavaPrograms } from '../../drivers/java-program.ts';
import type { Postgres } from '../../rig/postgres.ts';
import type { Failure } from './failure.ts';

const CONNECTIONS = 6;
/** Longer than any case. */
const SECONDS = 3_600;
const START_TIMEOUT_MS = 120_000;

/** What a pool noticed until it was stopped. */
export type PoolCounts = {
  readonly answers: number;
  /** Queries whose connection was cut. */
  readonly lost: readonly Failure[];
  /** The pool got no connection, or a wrong answer: neither may ever be. */
  readonly failed: readonly Failure[];
};

/** A HikariCP pool that connects through the load balancer and compares each answer with the checksum of the server. */
export async function startJdbcPool(
  java: JavaPrograms,
  { user, password, database }: Postgres,
  port: number,
) {
  const url = `jdbc:postgresql://127.0.0.1:${port}/${database}?sslmode=disable`;
  const pool = await java.start({
    program: 'Pool',
    arguments: [url, String(CONNECTIONS), String(SECONDS)],
    login: { user, password },
  });
  try {
    await pool.json({ event: 'working' }, START_TIMEOUT_MS);
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    throw error;
  }
  return {
    async stop(): Promise<PoolCounts> {
      const isRunning = pool.running;
      await pool[Symbol.asyncDispose]();
      const clockOffset = performance.now() - Date.now();
      const lost: Failure[] = [];
      const failed: Failure[] = [];
      let answers = 0;
      for (const { json } of pool.lines) {
        if (json?.['event'] === 'progress') answers = Number(json['answers']);
        if (json?.['event'] !== 'lost' && json?.['event'] !== 'wrong') continue;
        const failure = {
          at: Number(json['at']) + clockOffset,
          client: 'JDBC pool',
          error: JSON.stringify(json),
        };
        (json['step'] === 'query' ? lost : failed).push(failure);
      }
      if (!isRunning)
        failed.push({
          at: performance.now(),
          client: 'JDBC pool',
          error: `It ended: ${pool.output.slice(-500)}`,
        });
      return { answers, lost, failed };
    },
  };
}
