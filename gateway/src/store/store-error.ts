/**
 * Why the store did not do what it was asked. `full`: too many callers wait already. `timeout`: no answer in
 * time; a write may or may not have happened. `closed`: asked after `close`. `failed`: SQLite or the disk said
 * no. `too-new`: the file was written by a newer version of the gateway.
 */
export type StoreFailure = 'full' | 'timeout' | 'closed' | 'failed' | 'too-new';

/** The one error of the store. The API answers it with STORE_UNAVAILABLE; nothing on the data path waits for it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.failure = failure;
  }
}
