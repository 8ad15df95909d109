import fc from 'fast-check';

/** Loaded before a test file by `npm run fuzz`: sets the number of runs of every property that does not specify one. */
const runs = Number(process.env['PENSTOCK_FUZZ_RUNS']);
if (!Number.isSafeInteger(runs) || runs < 1) {
  throw new Error('PENSTOCK_FUZZ_RUNS must be a number of runs, 1 or more.');
}
fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: runs });
