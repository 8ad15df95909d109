import type { Command } from 'commander';
import type { ConfigCommandOptions } from './config-command.ts';

/** Loads `config validate|show|digest|diff|schema`, which need the schema, for the programs that offer them. */
export async function configCommand(options: ConfigCommandOptions): Promise<Command> {
  const { configCommand: create } = await import('./config-command.ts');
  return create(options);
}
