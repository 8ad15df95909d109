import mysql from 'mysql2/promise';
import pg from 'pg';
import type { Pair } from '../rig/pair.ts';

/** What people see of a connection in `pg`: the error and its hint. */
export async function pgError(
  pair: Pair,
  connection: string,
  options: pg.ClientConfig = {},
): Promise<string> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: pair.port(connection),
    user: 'app',
    password: 'secret',
    ...options,
  });
  client.on('error', () => {});
  return client.connect().then(
    async () => {
      await client.end();
      return 'connected';
    },
    (error: Error & { hint?: string }) => `${error.message}\n${error.hint ?? ''}`,
  );
}

/** The same in `mysql2`. */
export async function mysqlError(pair: Pair, connection: string): Promise<string> {
  const options = { host: '127.0.0.1', port: pair.port(connection), user: 'app' };
  return mysql.createConnection(options).then(
    async (client) => {
      await client.end();
      return 'connected';
    },
    (error: Error) => error.message,
  );
}
