import type { Command } from 'commander';

/** An option or argument, as shown in the help. */
export type CommandTerm = { readonly term: string; readonly description: string };

/** The help of a command without subcommands. */
export type CommandPage = {
  /** Includes the program: `penstock-gateway agent list`. */
  readonly path: string;
  readonly description: string;
  readonly usage: string;
  readonly arguments: readonly CommandTerm[];
  readonly options: readonly CommandTerm[];
  /** The commands below "Example". */
  readonly examples: readonly string[];
};

/** A page for each command without subcommands, in the order of the program's help. */
export function commandPages(program: Command): CommandPage[] {
  return pagesBelow(program, '');
}

function pagesBelow(command: Command, before: string): CommandPage[] {
  const path = before === '' ? command.name() : `${before} ${command.name()}`;
  const help = command.createHelp();
  if (command.commands.length > 0) {
    const visible = help.visibleCommands(command).filter((each) => each.name() !== 'help');
    return visible.flatMap((each) => pagesBelow(each, path));
  }
  return [
    {
      path,
      description: help.commandDescription(command),
      usage: `${path} ${command.usage()}`,
      arguments: help.visibleArguments(command).map((argument) => ({
        term: help.argumentTerm(argument),
        description: help.argumentDescription(argument),
      })),
      options: help.visibleOptions(command).map((option) => ({
        term: help.optionTerm(option),
        description: help.optionDescription(option),
      })),
      examples: examplesOf(command),
    },
  ];
}

/** Commander provides the text after the help only by printing it. */
function examplesOf(command: Command): string[] {
  const before = command.configureOutput();
  let help = '';
  command.configureOutput({ ...before, writeOut: (text) => (help += text) });
  command.outputHelp();
  command.configureOutput(before);
  const [, examples = ''] = help.split(/^Examples?:\n/m);
  return examples
    .split('\n')
    .map((line) => line.trim().replace(/^\$ /, ''))
    .filter((line) => line !== '');
}
