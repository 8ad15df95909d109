// The private database of the quickstart, in a separate process: PGlite behind a PostgreSQL socket on loopback.
import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

process.once('disconnect', () => process.exit());
// Ctrl-C signals every process of the terminal. This one exits with its parent instead.
process.on('SIGINT', () => {});

const database = await PGlite.create();
await database.exec(readFileSync(new URL('seed.sql', import.meta.url), 'utf8'));
const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 32 });
server.addEventListener('listening', (event) => {
  process.send?.((event as CustomEvent<{ port: number }>).detail);
});
await server.start();
