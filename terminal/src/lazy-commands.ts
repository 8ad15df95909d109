import { Command } from 'commander';

/** A command of a program, listed without loading its code. */
export type LazyCommand = {
  readonly name: string;
  /** The command's own description. */
  readonly description: string;
  readonly load: () => Promise<Command>;
};

/**
 * Adds commands to a program. Only the one that `argv` calls is loaded, because loading all of them takes longer than most
 * commands do; the others are listed. Without `argv`, all are loaded.
 */
export async function addLazyCommands(
  program: Command,
  commands: readonly LazyCommand[],
  argv?: readonly string[],
): Promise<Command> {
  const called = argv?.filter((word) => word !== 'help').find((word) => !word.startsWith('-'));
  // The script of `completion` has every command.
  const isAll = argv === undefined || called === 'completion';
  for (const { name, description, load } of commands) {
    program.addCommand(isAll || name === called ? await load() : new Command(name).description(description));
  }
  return program.configureHelp({ subcommandTerm: (command) => command.name() });
}
