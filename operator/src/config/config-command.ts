import { configCommand, type Io } from '@penstock/terminal';
import type { Command } from 'commander';
import { pinCommand, pinsCommand, unpinCommand } from './config-pin-commands.ts';
import { previewCommand } from './config-preview-command.ts';
import { publishCommand, versionsCommand } from './config-publish-commands.ts';
import { publishedCommand } from './config-published-command.ts';

/** `config`: this gateway's own file, and the versions of agent.yaml that agents are expected to run. */
export async function gatewayConfigCommand(io: Io): Promise<Command> {
  return (await configCommand({ kind: 'Gateway', io }))
    .description('validate and print gateway.yaml; publish and pin versions of agent.yaml')
    .addCommand(publishCommand(io))
    .addCommand(versionsCommand(io))
    .addCommand(publishedCommand(io))
    .addCommand(pinCommand(io))
    .addCommand(unpinCommand(io))
    .addCommand(pinsCommand(io))
    .addCommand(previewCommand(io));
}
