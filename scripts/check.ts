import { join } from 'node:path';
import { bannedTextCheck } from './check/banned-text.ts';
import { cataloguesCheck } from './check/catalogues.ts';
import type { Check, Findings } from './check/check.ts';
import { consoleBudgetCheck } from './check/console-budget.ts';
import { consoleTypesCheck } from './check/console-types.ts';
import { declaredDependenciesCheck } from './check/declared-dependencies.ts';
import { fileLengthCheck } from './check/file-length.ts';
import { generatedCheck } from './check/generated.ts';
import { importCyclesCheck } from './check/import-cycles.ts';
import { importDirectionsCheck } from './check/import-directions.ts';
import { linksCheck } from './check/links.ts';
import { lockfileCheck } from './check/lockfile.ts';
import { processGlobalsCheck } from './check/process-globals.ts';
import { roomArrowsCheck } from './check/room-arrows.ts';
import { socketResetsCheck } from './check/socket-resets.ts';
import { styleCheck } from './check/style.ts';
import { typesCheck } from './check/types.ts';
import { versionsCheck } from './check/versions.ts';

const ROOT = join(import.meta.dirname, '..');

const checks: readonly Check[] = [
  typesCheck,
  consoleTypesCheck,
  consoleBudgetCheck,
  styleCheck,
  importDirectionsCheck,
  roomArrowsCheck,
  importCyclesCheck,
  declaredDependenciesCheck,
  processGlobalsCheck,
  socketResetsCheck,
  cataloguesCheck,
  generatedCheck,
  fileLengthCheck,
  linksCheck,
  bannedTextCheck,
  lockfileCheck,
  versionsCheck,
];

/** Prints the result of one check. Returns false if it found a problem. */
function report(check: Check, { problems, warnings = [] }: Findings): boolean {
  process.stdout.write(`${problems.length === 0 ? '✔' : '✖'} ${check.name}: ${check.promise}\n`);
  for (const problem of problems) process.stdout.write(`${indent(problem)}\n`);
  for (const warning of warnings) process.stdout.write(`${indent(`warning: ${warning}`)}\n`);
  return problems.length === 0;
}

const indent = (text: string) => text.replace(/^/gm, '    ');

// Concurrently: all failures are reported in one run, and the two compilers overlap.
const running = checks.map((check) => check.run(ROOT));
let failed = 0;
for (const [index, check] of checks.entries()) {
  const findings = await running[index];
  if (findings === undefined || !report(check, findings)) failed += 1;
}
if (failed > 0) {
  process.stdout.write(`\n${failed} of ${checks.length} checks failed.\n`);
  process.exitCode = 1;
}
