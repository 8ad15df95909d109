import { join } from 'node:path';
import { type Static, Type, whenUsed } from '@penstock/json-schema';
import { readText } from '@penstock/services';
import type { UpgradeCode } from '@penstock/wire';
import { Ajv2020 } from 'ajv/dist/2020.js';

/**
 * What keeps the updater from going on, for as long as it waits to try again. It is in memory, because the journal's disk may be
 * the problem, and is gone with the process.
 */
export const UpdaterProblem = Type.Object({
  format: Type.Literal(1),
  code: Type.String({ maxLength: 64 }),
  detail: Type.String({ maxLength: 512 }),
  /** Of the first failure, in milliseconds since 1970. */
  since: Type.Number(),
  /** Of the next attempt. */
  nextAt: Type.Number(),
});
export type UpdaterProblem = Static<typeof UpdaterProblem> & { readonly code: UpgradeCode | (string & {}) };

const problemCheck = whenUsed(() => new Ajv2020().compile<UpdaterProblem>(UpdaterProblem));

export const problemFile = (directory: string): string => join(directory, 'problem.json');

/** The problem of the updater with this runtime directory; undefined if it has none, or does not run. */
export function readProblem(directory: string): UpdaterProblem | undefined {
  const isProblem = problemCheck();
  try {
    const value: unknown = JSON.parse(readText(problemFile(directory)) ?? 'null');
    return isProblem(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
