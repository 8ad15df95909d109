import { globSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis as RedisClient } from 'ioredis';
import { Client } from 'pg';
import type { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';
import type { Redis } from '../rig/redis.ts';
import { repeat, type Workload } from './workload.ts';

/** The newest pgbench of this machine. */
export const pgbench = (): string | undefined =>
  globSync('/usr/lib/postgresql/*/bin/pgbench').sort().at(-1) ?? globSync('/usr/bin/pgbench').at(0);

const CLIENTS = 16;

const environmentOf = ({ password }: Postgres) => ({ PGPASSWORD: password });
const serverOf = ({ user }: Postgres, port: number) => ['-h', '127.0.0.1', '-p', String(port), '-U', user];

/** Creates the tables of pgbench. */
export async function fillPgbench(program: string, postgres: Postgres): Promise<void> {
  const args = ['-i', '-q', '-s', '5', ...serverOf(postgres, postgres.address.port), postgres.database];
  await using filling = await ManagedProcess.start({ command: program, args, env: environmentOf(postgres) });
  const { code } = await filling.exit(60_000);
  if (code !== 0) throw new Error(`pgbench ended with ${code}:\n${filling.output}`);
}

/** pgbench with 16 clients for so many seconds, on the connections that it begins with. */
export function startPgbench(program: string, postgres: Postgres, port: number, seconds: number): Workload {
  const args = [
    '-n',
    '-c',
    String(CLIENTS),
    '-j',
    '2',
    '-T',
    String(seconds),
    ...serverOf(postgres, port),
    postgres.database,
  ];
  const running = ManagedProcess.start({ command: program, args, env: environmentOf(postgres) });
  const name = `pgbench -c ${CLIENTS} -T ${seconds}`;
  return {
    name,
    async finish() {
      const process = await running;
      const { code } = await process.exit((seconds + 120) * 1000);
      const text = process.output;
      const done = Number(/transactions actually processed: (\d+)/.exec(text)?.[1] ?? 0);
      const failed = Number(/failed transactions: (\d+)/.exec(text)?.[1] ?? 0);
      const errors = process.lines.flatMap(({ text: line }) => (/error|abort/i.test(line) ? [line] : []));
      if (code !== 0) errors.push(`pgbench ended with exit code ${code}.`);
      if (failed > 0) errors.push(`${failed} transactions failed.`);
      return { workload: name, done, errors, wrong: 0 };
    },
  };
}

/** One query that takes so many seconds and returns nothing before. */
export async function longQuery(postgres: Postgres, port: number, seconds: number): Promise<Workload> {
  const { user, password, database } = postgres;
  const client = new Client({ host: '127.0.0.1', port, user, password, database });
  const errors: string[] = [];
  client.on('error', (error) => errors.push(String(error)));
  await client.connect();
  let done = 0;
  const running = client.query('SELECT 42 AS answer FROM pg_sleep($1)', [seconds]).then(
    ({ rows }) => {
      done = Number(rows[0]?.answer === 42);
    },
    (error: unknown) => void errors.push(String(error)),
  );
  const name = `one query of ${seconds} s`;
  return {
    name,
    async finish() {
      await running;
      await client.end().catch((error: unknown) => errors.push(String(error)));
      return { workload: name, done, errors, wrong: 0 };
    },
  };
}

/** A publisher and a subscriber, which must get every message once and in order. */
export async function startPubSub(server: Redis, port: number): Promise<Workload> {
  const options = {
    host: '127.0.0.1',
    port,
    password: server.password,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    lazyConnect: true,
  };
  const subscriber = new RedisClient(options);
  const publisher = new RedisClient(options);
  const lost: string[] = [];
  for (const client of [subscriber, publisher]) client.on('error', (error) => lost.push(String(error)));
  await Promise.all([subscriber.connect(), publisher.connect()]);
  let expected = 0;
  let wrong = 0;
  subscriber.on('message', (_channel, message) => {
    if (Number(message) !== expected) wrong += 1;
    expected = Number(message) + 1;
  });
  await subscriber.subscribe('numbers');
  let sent = 0;
  const publishing = repeat(
    'Redis publish and subscribe',
    async (round) => {
      const listeners = await publisher.publish('numbers', String(round));
      sent = round + 1;
      await pause(1);
      return listeners === 1 ? 'ok' : 'wrong';
    },
    async () => {},
  );
  return {
    name: publishing.name,
    async finish() {
      const result = await publishing.finish();
      for (let wait = 0; expected < sent && wait < 600; wait += 1) await pause(100);
      if (expected < sent) lost.push(`Only ${expected} of ${sent} messages arrived.`);
      const errors = [...result.errors, ...lost];
      subscriber.disconnect();
      publisher.disconnect();
      return { ...result, errors, wrong: result.wrong + wrong };
    },
  };
}
