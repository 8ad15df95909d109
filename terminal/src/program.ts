import { type Command, CommanderError } from 'commander';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';
import type { Io } from './io.ts';
import { json } from './output-format.ts';
import { printable } from './printable.ts';
import { styleFor, wantsColor } from './style.ts';

/**
 * Runs a program. `argv` excludes its name. Never rejects: errors are printed to stderr and set the exit code.
 * PENSTOCK_DEBUG in the environment adds stack traces.
 */
export async function runProgram(program: Command, argv: readonly string[], io: Io): Promise<void> {
  const format = wantsJson(argv) ? 'json' : 'text';
  attach(program, io, format);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already printed it as text. It also throws for --help and --version, with exit code 0.
      if (error.exitCode !== 0 && format === 'json') reportError(usageError(error), io, format);
      else io.setExitCode(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage);
    } else {
      reportError(error, io, format);
    }
  }
}

/** Whether a command line asks for JSON. Known without parsing it, because errors can occur before. */
const wantsJson = (argv: readonly string[]): boolean =>
  argv.some(
    (word, at) =>
      /^(?:--output=|-o=?)json$/.test(word) || (/^(?:--output|-o)$/.test(word) && argv[at + 1] === 'json'),
  );

/** An error of Commander as one of ours. Commander writes `error: MESSAGE` and, on another line, `(Did you mean --url?)`. */
function usageError(error: CommanderError): CommandError {
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = more.join(' ').replace(/^\(|\)$/g, '');
  return new CommandError(message, {
    exitCode: exitCodes.usage,
    ...(suggestion !== '' && { suggestion }),
  });
}

/** Prints an error to stderr and sets the exit code. */
export function reportError(error: unknown, io: Io, format: 'text' | 'json' = 'text'): void {
  if (format === 'json') {
    const exitCode = error instanceof CommandError ? error.exitCode : exitCodes.failed;
    const message = error instanceof Error ? error.message : String(error);
    const [, code] = /\(([A-Z][A-Z_]{2,60})\)$/.exec(message) ?? [];
    const suggestion = error instanceof CommandError ? error.suggestion : undefined;
    io.stderr.write(json({ error: { message, code, suggestion, exitCode } }));
    io.setExitCode(exitCode);
    return;
  }
  const style = styleFor(io.stderr, io.environment);
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(`${style.bad('error:')} ${printable(message)}\n`);
  if (error instanceof CommandError && error.suggestion !== undefined) {
    io.stderr.write(`${printable(error.suggestion)}\n`);
  }
  if (io.environment['PENSTOCK_DEBUG'] && error instanceof Error) {
    io.stderr.write(`${style.faint(printable(error.stack ?? ''))}\n`);
  }
  io.setExitCode(error instanceof CommandError ? error.exitCode : exitCodes.failed);
}

/** Commander copies these settings to commands made with `command()`, but not to those added with `addCommand()`. */
function attach(command: Command, io: Io, format: 'text' | 'json'): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    // As JSON, the error is written once it is thrown.
    writeErr: (text) => format === 'text' && io.stderr.write(text),
    getOutHelpWidth: () => io.stdout.columns ?? 80,
    getErrHelpWidth: () => io.stderr.columns ?? 80,
    getOutHasColors: () => wantsColor(io.stdout, io.environment),
    getErrHasColors: () => wantsColor(io.stderr, io.environment),
  });
  for (const subcommand of command.commands) attach(subcommand, io, format);
}
