// The private database of the quickstart, in a separate process: PGlite behind a PostgreSQL socket on loopback.
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { isRunning } from './left-behind.ts';

// Ctrl-C and a closed terminal signal every process of the terminal. This one exits with its parent instead.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGUSR1', () => {});

// A parent that was killed leaves its directory, which the other programs use until they have ended.
const [, , directory] = process.argv;
let pids: readonly number[] = [];
process.on('message', (message) => {
  pids = message as typeof pids;
});
process.once('disconnect', async () => {
  for (let tries = 0; tries < 300 && pids.some(isRunning); tries += 1) await delay(100);
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  process.exit();
});

const database = await PGlite.create();
await database.exec(readFileSync(new URL('seed.sql', import.meta.url), 'utf8'));
const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 32 });
server.addEventListener('listening', (event) => {
  process.send?.((event as CustomEvent<{ port: number }>).detail);
});
await server.start();
