import { exitCodes, type Io, json, type OutputFormat, renderProbe } from '@penstock/terminal';
import type { ProbeResult } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import { logLine } from './log-line.ts';

/** What an agent answers when it is asked for its log. */
export const LogBundle = Type.Object({
  lines: Type.Array(Type.Unknown()),
  redactions: Type.Record(Type.String(), Type.Integer()),
  leftOut: Type.Record(Type.String(), Type.Integer()),
});
type LogBundle = Static<typeof LogBundle>;

/** Prints log lines, and on standard error what was left out of them. */
export function printLogs(bundle: LogBundle, output: OutputFormat, io: Io): void {
  if (output === 'json') {
    io.stdout.write(json(bundle));
    return;
  }
  io.stdout.write(bundle.lines.map((line) => `${logLine(line, io)}\n`).join(''));
  for (const [reason, count] of Object.entries(bundle.leftOut)) {
    io.stderr.write(`${count} lines were left out: ${reason}.\n`);
  }
}

/** Prints how far a probe or check came; the exit code says whether that was to its end. */
export function printProbe(result: Static<typeof ProbeResult>, output: OutputFormat, io: Io): void {
  io.stdout.write(output === 'json' ? json(result) : renderProbe(result, io));
  if (result.reach !== 'ready') io.setExitCode(exitCodes.failed);
}
