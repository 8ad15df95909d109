/**
 * Why the store did not do what it was asked. `full`: too many callers wait already. `timeout`: no answer in
 * time; a write may or may not have happened. `closed`: asked after `close`. `failed`: SQLite or the disk said
 * no. `too-new`: the file was written by a newer version of the gateway.
 */
export type StoreFailure = 'full' | 'timeout' | 'closed' | 'failed' | 'too-new';

/** What keeps the store from working, for people who may not see paths and SQL. docs/api.md has a row for each. */
export const storeOutages = {
  'disk-full': 'the disk of its data directory is full',
  'disk-failing': 'its data directory cannot be read or written',
  locked: 'another process holds it',
  'file-gone': 'its file was removed or replaced while it was open',
  silent: 'it does not answer in time',
  overloaded: 'too many callers wait for it',
  closed: 'it is closed',
  unusable: 'it cannot be used',
} as const;
export type StoreOutage = keyof typeof storeOutages;

const outageOfFailure: Readonly<Record<StoreFailure, StoreOutage>> = {
  full: 'overloaded',
  timeout: 'silent',
  closed: 'closed',
  failed: 'unusable',
  'too-new': 'unusable',
};

/** The one error of the store. The API answers it with STORE_UNAVAILABLE; nothing on the data path waits for it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;
  /** Undefined where one statement was at fault, and the next may do well. */
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
