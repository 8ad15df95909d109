import type { Io } from '@penstock/terminal';
import { Command } from 'commander';
import { agentDiagnosticsCommands } from './agent-diagnostics-commands.ts';
import { agentDrainCommands } from './agent-drain-commands.ts';
import { agentListCommand } from './agent-list-command.ts';
import { agentRevokeCommand } from './agent-revoke-command.ts';
import { agentShowCommand } from './agent-show-command.ts';

/** `agent …`: the agents of the fleet. */
export function agentCommand(io: Io): Command {
  const agent = new Command('agent')
    .description('agents in the fleet')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent list')
    .addCommand(agentListCommand(io))
    .addCommand(agentShowCommand(io));
  for (const command of agentDiagnosticsCommands(io)) agent.addCommand(command);
  for (const command of agentDrainCommands(io)) agent.addCommand(command);
  return agent.addCommand(agentRevokeCommand(io));
}
