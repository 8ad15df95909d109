import type { SQLInputValue } from 'node:sqlite';
import type { StoreOutage } from './store-error.ts';

/** Options of the worker. */
export type SqliteWorkerData = {
  readonly file: string;
  readonly busyTimeout: number;
  /** Executed when the file is opened, before anything else. */
  readonly pragmas: string;
};

/** Messages to the worker, which handles them one at a time, in order. */
export type SqliteRequest =
  | {
      readonly kind: 'statement';
      readonly id: number;
      readonly sql: string;
      readonly parameters: readonly SQLInputValue[];
    }
  /** Rolls back a transaction that a timed-out caller left open. Has no reply. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'close' };

export type SqliteResult = { readonly rows: unknown[]; readonly changes: bigint | undefined };

/** Messages from the worker. */
export type SqliteReply =
  | { readonly kind: 'open' }
  /** `isDamaged`: the file is not a database, or is corrupt. */
  | { readonly kind: 'open-failed'; readonly message: string; readonly isDamaged: boolean }
  | { readonly kind: 'result'; readonly id: number; readonly result: SqliteResult }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly message: string;
      readonly outage: StoreOutage | 'none';
    };
