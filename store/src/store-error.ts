/**
 * Why a call of the store failed. `full`: too many callers are waiting. `timeout`: there was no response in time, and a
 * write may or may not have happened. `closed`: the call came after `close`. `failed`: SQLite, PostgreSQL or
 * the disk reported an error. `damaged`: the file is not a database, or is corrupt. `too-new`: the file was written by a newer version of the
 * gateway.
 */
export type StoreFailure = 'full' | 'timeout' | 'closed' | 'failed' | 'damaged' | 'too-new';

/**
 * Why the store is unavailable, in sentences without paths and SQL: API clients may not see those. docs/api.md has a row
 * for each.
 */
export const storeOutages = {
  'disk-full': 'the disk of its data directory is full',
  'disk-failing': 'its data directory cannot be read or written',
  locked: 'another process has locked it',
  'file-gone': 'its file was removed, emptied or replaced while it was open',
  silent: 'it did not respond in time',
  overloaded: 'too many requests are waiting for it',
  closed: 'it is closed',
  unusable: 'its database is unusable',
  unreachable: 'its database cannot be reached',
  'read-only': 'its database is read-only',
  rejected: 'its database rejects the account of the gateway',
} as const;
export type StoreOutage = keyof typeof storeOutages;

const outageOfFailure: Readonly<Record<StoreFailure, StoreOutage>> = {
  full: 'overloaded',
  timeout: 'silent',
  closed: 'closed',
  failed: 'unusable',
  damaged: 'unusable',
  'too-new': 'unusable',
};

/** The only error that the store throws. The API reports it as STORE_UNAVAILABLE; the data path never waits for the store. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;
  /** Undefined if only one statement failed and the next one may succeed. */
  readonly outage: StoreOutage | undefined;

  constructor(
    failure: StoreFailure,
    detail: string,
    { outage = outageOfFailure[failure], ...options }: ErrorOptions & { outage?: StoreOutage | 'none' } = {},
  ) {
    super(detail, options);
    this.failure = failure;
    this.outage = outage === 'none' ? undefined : outage;
  }
}
