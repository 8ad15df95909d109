import { exitCodes, type Io, json, type OutputFormat, renderProbe } from '@penstock/terminal';
import type { AgentAnswer, ProbeResult } from '@penstock/wire';
import { logLine } from './log-line.ts';

/** Prints log lines, and on standard error how many were omitted and why. */
export function printLogs(bundle: AgentAnswer<'logs'>, output: OutputFormat, io: Io): void {
  if (output === 'json') {
    io.stdout.write(json(bundle));
    return;
  }
  io.stdout.write(bundle.lines.map((line) => `${logLine(line, io)}\n`).join(''));
  for (const [reason, count] of Object.entries(bundle.omitted)) {
    io.stderr.write(`Lines omitted: ${count} (${reason}).\n`);
  }
}

/** Prints the result of a probe or check. Sets the exit code to failed unless it passed every stage. */
export function printProbe(result: ProbeResult, output: OutputFormat, io: Io): void {
  io.stdout.write(output === 'json' ? json(result) : renderProbe(result, io));
  if (result.reach !== 'ready') io.setExitCode(exitCodes.failed);
}
