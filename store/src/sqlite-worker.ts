import { statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteReply, SqliteRequest, SqliteResult, SqliteWorkerData } from './sqlite-message.ts';
import { outageOfSqlite } from './sqlite-outage.ts';

const port = parentPort;
if (port === null) throw new Error('sqlite-worker must be started as a worker thread.');

const reply = (message: SqliteReply) => port.postMessage(message);
const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html). The upper bits of a code distinguish variants. */
const DAMAGE_CODES = [11, 26];
const isDamage = (error: unknown) =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  DAMAGE_CODES.includes(error.errcode & 0xff);

function open({ file, busyTimeout, pragmas }: SqliteWorkerData): DatabaseSync {
  // Without mode=rw, SQLite would create a file that was removed meanwhile.
  const location = pathToFileURL(file);
  location.searchParams.set('mode', 'rw');
  const database = new DatabaseSync(location, { timeout: busyTimeout });
  database.exec(pragmas);
  return database;
}

function run(database: DatabaseSync, sql: string, parameters: readonly SQLInputValue[]): SqliteResult {
  const statement = database.prepare(sql);
  if (statement.columns().length > 0) return { rows: statement.all(...parameters), changes: undefined };
  // incremental_vacuum has rows without columns and does one page for each. `run` takes only the first.
  if (/^pragma/i.test(sql)) {
    database.exec(sql);
    return { rows: [], changes: undefined };
  }
  return { rows: [], changes: BigInt(statement.run(...parameters).changes) };
}

/** The inode of a file, or undefined if it does not exist or is empty. */
function inodeOf(file: string): bigint | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined || stats.size === 0n ? undefined : stats.ino;
}

function serve(database: DatabaseSync, file: string): void {
  const inode = inodeOf(file);
  port?.on('message', (request: SqliteRequest) => {
    switch (request.kind) {
      case 'statement':
        // SQLite would keep writing to a file that has no name any more.
        if (inodeOf(file) !== inode) {
          const message = `${file} was removed, emptied or replaced while it was open`;
          reply({ kind: 'failed', id: request.id, message, outage: 'file-gone' });
          return;
        }
        try {
          reply({ kind: 'result', id: request.id, result: run(database, request.sql, request.parameters) });
        } catch (error) {
          reply({ kind: 'failed', id: request.id, message: textOf(error), outage: outageOfSqlite(error) });
        }
        return;
      case 'reset':
        if (database.isTransaction) database.exec('ROLLBACK');
        return;
      case 'close':
        database.close();
        port.close();
    }
  });
}

try {
  const data = workerData as SqliteWorkerData;
  serve(open(data), data.file);
  reply({ kind: 'open' });
} catch (error) {
  reply({ kind: 'open-failed', message: textOf(error), isDamaged: isDamage(error) });
}
