import type { Io } from '@penstock/terminal';
import { Command } from 'commander';
import { createCommand } from './create-command.ts';
import { listCommand } from './list-command.ts';
import { showCommand } from './show-command.ts';
import { steerCommands } from './steer-commands.ts';

/** `rollout create|list|show|pause|resume|cancel|retry|proceed`. */
export function rolloutCommand(io: Io): Command {
  const rollout = new Command('rollout')
    .description('rollouts, which bring a version of configuration or software to agents step by step')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway rollout create --pool dc1 --config 14');
  for (const command of [createCommand(io), listCommand(io), showCommand(io), ...steerCommands(io)]) {
    rollout.addCommand(command);
  }
  return rollout;
}
