import type { Kysely } from 'kysely';
import type { ChangeKind, Database } from './schema.ts';

/**
 * Runs `work` in the transaction of the caller, or else in one of its own, and records that it changed something, unless
 * it resolves to false.
 */
export type Writing = <Result>(
  kind: ChangeKind,
  key: string,
  work: (transaction: Kysely<Database>) => Promise<Result>,
) => Promise<Result>;
