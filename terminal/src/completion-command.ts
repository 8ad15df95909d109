import { Argument, Command } from 'commander';
import {
  type CompletionNames,
  type CompletionShell,
  completionScript,
  completionShells,
} from './completion-script.ts';
import type { Io } from './io.ts';

/** `completion bash|zsh|fish`: prints the completion script of the program, which asks for names if it has any. */
export function completionCommand(io: Io, names?: CompletionNames): Command {
  return new Command('completion')
    .description('print a shell completion script for commands, options and their values')
    .addArgument(new Argument('<shell>', 'shell to generate the script for').choices(completionShells))
    .addHelpText('after', ({ command }) => {
      const name = programOf(command).name();
      return (
        `\nExamples:\n  $ source <(${name} completion bash)\n  $ source <(${name} completion zsh)\n` +
        `  $ ${name} completion fish | source`
      );
    })
    .action((shell: CompletionShell, _options: unknown, command: Command) => {
      io.stdout.write(completionScript(programOf(command), shell, names));
    });
}

const programOf = (command: Command) => command.parent ?? command;
