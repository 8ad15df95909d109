import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { limitFiles } from './file-limits.ts';
import { findTestFiles } from './find-test-files.ts';
import { longestFirst } from './longest-first.ts';
import { REQUIRE_ALL } from './rig/optional.ts';
import { SkipReport } from './skip-report.ts';
import { SlowestFiles } from './slowest-files.ts';

const ROOT = join(import.meta.dirname, '..');
/** One more than the cores of the machine that counts: a third of the time of a file, it waits. */
const CONCURRENT_FILES = 3;
const MINUTE_MS = 60_000;
/** Every file has a process of its own; compiling what they all import would take a quarter of their time. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/penstock-tests');
const FUZZ_RUNS = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fuzz: { type: 'boolean', default: false }, long: { type: 'boolean', default: false } },
});

const candidates = longestFirst(findTestFiles(ROOT, positionals));
const files = values.fuzz ? candidates.filter(usesProperties) : candidates;
if (files.length === 0) {
  const kind = values.fuzz ? 'test file with a property' : 'test file';
  process.stderr.write(
    `There is no ${kind} ${positionals.length === 0 ? 'at all' : `whose path holds ${positionals.join(' or ')}`}.\n`,
  );
  process.exit(1);
}

const env = {
  NODE_COMPILE_CACHE: COMPILE_CACHE,
  ...(values.long && { PENSTOCK_LONG: '1' }),
  ...process.env,
};
const isSlow = values.fuzz || values.long;
const fuzz = values.fuzz
  ? {
      env: { PENSTOCK_FUZZ_RUNS: String(FUZZ_RUNS), ...env },
      setup: ['--import=./test/rig/fuzz-runs.ts'],
    }
  : { env, setup: [] };

limitFiles((isSlow ? 120 : 20) * MINUTE_MS);
const skips = new SkipReport(process.env[REQUIRE_ALL] === '1');
const results = run({
  cwd: ROOT,
  files: files.map((file) => join(ROOT, file)),
  concurrency: CONCURRENT_FILES,
  env: fuzz.env,
  execArgv: [`--import=${new URL('rig/every-file.ts', import.meta.url)}`, ...fuzz.setup],
  // Of one test.
  timeout: (isSlow ? 15 : 5) * MINUTE_MS,
});
results.on('test:fail', () => {
  process.exitCode = 1;
});
results.on('end', () => {
  if (skips.failed) process.exitCode = 1;
});
results.compose(new SlowestFiles().announce()).compose(skips.announce()).compose(spec()).pipe(process.stdout);

function usesProperties(file: string): boolean {
  return readFileSync(join(ROOT, file), 'utf8').includes("from 'fast-check'");
}
