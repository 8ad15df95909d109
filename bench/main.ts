import { writeFile } from 'node:fs/promises';
import { runBenchmark } from './benchmark.ts';
import { type Options, parseOptions, UsageError, usage } from './options.ts';
import { stopEveryChild } from './process/child.ts';
import { makeScratch } from './process/scratch.ts';
import { makeReport } from './report/report.ts';
import { textOf } from './report/text.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else await bench(options);
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}`);
  else if (interrupted.signal.aborted) process.stderr.write('\nInterrupted.\n');
  else throw error;
  process.exitCode = 1;
}

async function bench(options: Options): Promise<void> {
  const scratch = await makeScratch();
  try {
    const run = await runBenchmark(options, {
      scratch: scratch.path,
      path: process.env['PATH'] ?? '',
      wanRig: process.env['PENSTOCK_WAN_RIG'],
      progress: showProgress,
      signal: interrupted.signal,
    });
    const report = makeReport(run);
    const json = `${JSON.stringify(report, undefined, 2)}\n`;
    if (options.json !== undefined) await writeFile(options.json, json);
    showProgress('');
    process.stdout.write(options.output === 'json' ? json : textOf(report, run.metrics, run.results));
    if (report.failures.length > 0) process.exitCode = 1;
  } finally {
    await stopEveryChild();
    await scratch.remove();
  }
}

/** A progress line that is overwritten; empty if the output is not a terminal. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
}
