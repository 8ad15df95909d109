import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { pgbench } from '../../chaos/databases.ts';
import type { JavaPrograms } from '../../drivers/java-program.ts';
import type { Postgres } from '../../rig/postgres.ts';
import { ManagedProcess } from '../../rig/process.ts';
import type { Failure } from './failure.ts';
import { ports } from './files.ts';
import { startJdbcPool } from './jdbc-pool.ts';
import type { ReplicaName, Site } from './site.ts';

export type ClientCounts = {
  readonly newConnections: number;
  /** New connections that failed. */
  readonly failed: readonly Failure[];
  /** Open connections that ended with an error, by the replica that they were connected to. */
  readonly cut: ReadonlyMap<ReplicaName, readonly Failure[]>;
  /** Queries that a connection of the JDBC pool lost. It may have led to any replica. */
  readonly pooled: readonly Failure[];
  /** Answers that the pool got, each with the right checksum. */
  readonly answers: number;
  /** The longest time in milliseconds that a new connection took. */
  readonly longestMs: number;
};

/** Clients that work until they are stopped. */
export type Clients = {
  /** Closes all, and returns what they noticed. */
  stop(): Promise<ClientCounts>;
};

const PGBENCH_CLIENTS = 32;
/** New connections per second of pgbench: the machine has other things to do. */
const PGBENCH_RATE = 40;
const WORKERS = 4;
const HELD_BY_REPLICA = 4;

/** Programs that work beside the clients of this process, if the machine has them. */
export type Programs = { readonly pgbench: boolean; readonly java: JavaPrograms | undefined };

/**
 * Clients that connect through the load balancer again and again, by pgbench too, a JDBC pool, and clients of each replica
 * that keep their connections.
 */
export async function startClients(site: Site, programs: Programs): Promise<Clients> {
  const { target, balanced, shape } = site;
  const failed: Failure[] = [];
  const cut = new Map<ReplicaName, Failure[]>(shape.replicas.map((name) => [name, []]));
  let newConnections = 0;
  let longestMs = 0;
  let isStopped = false;
  const failure = (client: string, error: unknown): Failure => ({
    at: performance.now(),
    client,
    error: String(error),
  });

  const connecting = async (client: string) => {
    while (!isStopped) {
      const began = performance.now();
      const connection = connectionTo(target, '127.0.0.1', balanced.clients);
      newConnections += 1;
      try {
        await connection.connect();
        await connection.query('select 1');
        longestMs = Math.max(longestMs, performance.now() - began);
      } catch (error) {
        failed.push(failure(client, error));
      }
      await connection.end().catch(() => {});
      await pause(50);
    }
  };
  const holding = async (replica: ReplicaName, connection: pg.Client) => {
    try {
      for (let value = 0; !isStopped; value += 1) {
        const { rows } = await connection.query<{ value: number }>('select $1::int as value', [value]);
        if (rows[0]?.value !== value) throw new Error('A client got the answer of another one.');
        await pause(100);
      }
    } catch (error) {
      cut.get(replica)?.push(failure(`client of ${replica}`, error));
    }
    await connection.end().catch(() => {});
  };
  const held: Promise<void>[] = [];
  for (const replica of shape.replicas) {
    for (let index = 0; index < HELD_BY_REPLICA; index += 1) {
      const connection = connectionTo(target, site.host(replica).address, ports.clients);
      await connection.connect();
      held.push(holding(replica, connection));
    }
  }
  const bench = programs.pgbench ? await startPgbench(target, balanced.clients) : undefined;
  const pool = programs.java && (await startJdbcPool(programs.java, target, balanced.clients));
  const workers = Array.from({ length: WORKERS }, (_, index) => connecting(`worker ${index}`));
  return {
    async stop() {
      isStopped = true;
      await Promise.all([...workers, ...held]);
      const counted = await bench?.stop();
      newConnections += counted?.transactions ?? 0;
      failed.push(...(counted?.errors ?? []).map((error) => failure('pgbench', error)));
      const pooled = await pool?.stop();
      failed.push(...(pooled?.failed ?? []));
      return {
        newConnections,
        failed,
        cut,
        pooled: pooled?.lost ?? [],
        answers: pooled?.answers ?? 0,
        longestMs: Math.round(longestMs),
      };
    },
  };
}

function connectionTo(target: Postgres, host: string, port: number): pg.Client {
  const connection = new pg.Client(target.clientConfig({ host, port }));
  connection.on('error', () => {});
  return connection;
}

/** pgbench with a new connection for each transaction, until it is stopped. */
async function startPgbench(target: Postgres, port: number) {
  const program = pgbench();
  if (program === undefined) return undefined;
  const bench = await ManagedProcess.start({
    command: program,
    args: [
      ...[
        '-n',
        '-C',
        '-c',
        String(PGBENCH_CLIENTS),
        '-j',
        '2',
        '-R',
        String(PGBENCH_RATE),
        '-P',
        '1',
        '-T',
        '3600',
      ],
      ...['-f', new URL('transaction.sql', import.meta.url).pathname],
      ...['-h', '127.0.0.1', '-p', String(port), '-U', target.user, target.database],
    ],
    env: { PGPASSWORD: target.password },
  });
  return {
    async stop() {
      // It prints no summary when it is stopped: its progress, once per second, and each error.
      const isRunning = bench.running;
      await bench[Symbol.asyncDispose]();
      const errors = bench.lines.flatMap(({ text }) => (/error|abort|fatal/i.test(text) ? [text] : []));
      if (!isRunning) errors.push('pgbench ended by itself.');
      const rates = bench.lines.flatMap(({ text }) => /^progress: .*? s, ([\d.]+) tps/.exec(text)?.[1] ?? []);
      return { transactions: Math.round(rates.reduce((sum, rate) => sum + Number(rate), 0)), errors };
    },
  };
}
