import { type Command, CommanderError } from 'commander';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';
import type { Io } from './io.ts';
import { printable } from './printable.ts';
import { styleFor, wantsColor } from './style.ts';

/**
 * Runs a program with the arguments after its name. Never throws: what goes wrong is printed to stderr and set
 * as the exit code. With PENSTOCK_DEBUG in the environment, stack traces are printed too.
 */
export async function runProgram(program: Command, argv: readonly string[], io: Io): Promise<void> {
  attach(program, io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed it; help and version are its errors with exit code 0.
      io.setExitCode(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage);
    } else {
      reportError(error, io);
    }
  }
}

/** Prints why a command failed and sets the exit code. */
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

/** Commander gives these on to commands made by `command()`, not to those added with `addCommand()`. */
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
