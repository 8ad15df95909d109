import { type Command, CommanderError } from 'commander';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';
import type { Io } from './io.ts';
import { printable } from './printable.ts';
import { styleFor, wantsColor } from './style.ts';

/**
 * Runs a program. `argv` excludes its name. Never rejects: errors are printed to stderr and set the exit code.
 * PENSTOCK_DEBUG in the environment adds stack traces.
 */
export async function runProgram(program: Command, argv: readonly string[], io: Io): Promise<void> {
  attach(program, io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already printed it. It also throws for --help and --version, with exit code 0.
      io.setExitCode(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage);
    } else {
      reportError(error, io);
    }
  }
}

/** Prints an error and sets the exit code. */
export function reportError(error: unknown, io: Io): void {
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
function attach(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    getOutHelpWidth: () => io.stdout.columns ?? 80,
    getErrHelpWidth: () => io.stderr.columns ?? 80,
    getOutHasColors: () => wantsColor(io.stdout, io.environment),
    getErrHasColors: () => wantsColor(io.stderr, io.environment),
  });
  for (const subcommand of command.commands) attach(subcommand, io);
}
