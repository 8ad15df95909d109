import type { StoreOutage } from './store-error.ts';

/** Primary result codes (sqlite.org/rescode.html). All others concern a single statement. */
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

/** The outage that an error of SQLite indicates, or `none` if it concerns a single statement. */
export function outageOfSqlite(error: unknown): StoreOutage | 'none' {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 'none';
  // The upper bits distinguish variants.
  return outages[error.errcode & 0xff] ?? 'none';
}
