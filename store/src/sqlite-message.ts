import type { SQLInputValue } from 'node:sqlite';
import type { StoreOutage } from './store-error.ts';

/** What the worker is started with. */
export type SqliteWorkerData = { readonly file: string; readonly busyTimeout: number };

/** What the gateway's thread asks. Answered in order, one by one. */
export type SqliteRequest =
  | {
      readonly kind: 'statement';
      readonly id: number;
      readonly sql: string;
      readonly parameters: readonly SQLInputValue[];
    }
  /** Rolls back whatever an abandoned caller left open. Has no answer. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'close' };

export type SqliteResult = { readonly rows: unknown[]; readonly changes: bigint | undefined };

/** What the worker says. */
export type SqliteAnswer =
  | { readonly kind: 'open' }
  /** `damaged`: the file is not a database, or not a whole one. */
  | { readonly kind: 'open-failed'; readonly message: string; readonly damaged: boolean }
  | { readonly kind: 'result'; readonly id: number; readonly result: SqliteResult }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly message: string;
      readonly outage: StoreOutage | 'none';
    };
