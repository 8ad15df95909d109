import { Argument, Command } from 'commander';
import { type CompletionShell, completionScript, completionShells } from './completion-script.ts';
import type { Io } from './io.ts';

/** `completion bash|zsh|fish`: what a shell needs to complete the command line of the program it is added to. */
export function completionCommand(io: Io): Command {
  return new Command('completion')
    .description('print a script with which a shell completes commands, options and their values')
    .addArgument(new Argument('<shell>', 'the shell that reads the script').choices(completionShells))
    .addHelpText('after', ({ command }) => {
      const name = programOf(command).name();
      return (
        `\nExamples:\n  $ source <(${name} completion bash)\n  $ source <(${name} completion zsh)\n` +
        `  $ ${name} completion fish | source`
      );
    })
    .action((shell: CompletionShell, _options: unknown, command: Command) => {
      io.stdout.write(completionScript(programOf(command), shell));
    });
}

const programOf = (command: Command) => command.parent ?? command;
