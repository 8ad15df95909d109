import type { FileKind } from '@penstock/config-schema';
import { Command } from 'commander';
import type { Io } from '../io.ts';
import type { ComparePinned } from './config-context.ts';
import { diffCommand } from './diff-command.ts';
import { digestCommand } from './digest-command.ts';
import { schemaCommand } from './schema-command.ts';
import { showCommand } from './show-command.ts';
import { validateCommand } from './validate-command.ts';

export type ConfigCommandOptions = {
  /** Also determines the default file name. */
  readonly kind: FileKind;
  readonly io: Io;
  readonly comparePinned?: ComparePinned;
};

/** `config validate|show|digest|diff|schema`, common to both programs. */
export function configCommand({ kind, io, comparePinned }: ConfigCommandOptions): Command {
  const context = {
    kind,
    io,
    comparePinned,
    program: kind === 'Agent' ? 'penstock-agent' : 'penstock-gateway',
    defaultFile: kind === 'Agent' ? './agent.yaml' : './gateway.yaml',
  };
  return new Command('config')
    .description('validate and print the configuration file')
    .addHelpText('after', `\nExample:\n  $ ${context.program} config validate ${context.defaultFile}`)
    .addCommand(validateCommand(context))
    .addCommand(showCommand(context))
    .addCommand(digestCommand(context))
    .addCommand(diffCommand(context))
    .addCommand(schemaCommand(context));
}
