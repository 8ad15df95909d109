import type { StoreOutage } from './store-error.ts';

/** Primary result codes (sqlite.org/rescode.html); whatever else SQLite says is of the statement. */
const outages: Readonly<Record<number, StoreOutage>> = {
  5: 'locked', // SQLITE_BUSY
  6: 'locked', // SQLITE_LOCKED
  8: 'disk-failing', // SQLITE_READONLY
  10: 'disk-failing', // SQLITE_IOERR
  11: 'unusable', // SQLITE_CORRUPT
  13: 'disk-full', // SQLITE_FULL
  14: 'disk-failing', // SQLITE_CANTOPEN
  26: 'unusable', // SQLITE_NOTADB
};

/** What an error of SQLite says of the store as a whole; `none` when it is of one statement only. */
export function outageOfSqlite(error: unknown): StoreOutage | 'none' {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 'none';
  // The upper bits tell variants.
  return outages[error.errcode & 0xff] ?? 'none';
}
