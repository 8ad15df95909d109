import {
  adminTokenCommand,
  agentCommand,
  alertCommand,
  approvalCommand,
  auditCommand,
  connectionCommand,
  gatewayConfigCommand,
  grantCommand,
  poolCommand,
  receiverCommand,
  sessionCommand,
  tokenCommand,
} from '@penstock/operator';
import { completionCommand, type Io, type SignalSource } from '@penstock/terminal';
import { SOFTWARE_VERSION } from '@penstock/wire';
import { Command } from 'commander';
import { initCommand } from './init-command.ts';
import { runCommand } from './run-command.ts';

/** The command line of penstock-gateway. */
export function gatewayProgram(io: Io, signals: SignalSource): Command {
  return new Command('penstock-gateway')
    .description('Connects clients to databases behind agents in other networks.')
    .version(SOFTWARE_VERSION)
    .addCommand(initCommand(io))
    .addCommand(runCommand(io, signals))
    .addCommand(gatewayConfigCommand(io))
    .addCommand(tokenCommand(io))
    .addCommand(agentCommand(io))
    .addCommand(poolCommand(io))
    .addCommand(sessionCommand(io))
    .addCommand(connectionCommand(io))
    .addCommand(alertCommand(io))
    .addCommand(receiverCommand(io))
    .addCommand(grantCommand(io))
    .addCommand(approvalCommand(io))
    .addCommand(auditCommand(io))
    .addCommand(adminTokenCommand(io))
    .addCommand(completionCommand(io))
    .addHelpText(
      'after',
      `
All commands except init, run and config use the API of a running gateway:
  PENSTOCK_URL    its admin address; default http://127.0.0.1:8080
  PENSTOCK_TOKEN  an admin token; init prints the first one
  PENSTOCK_CA     a file with the CA that issued its certificate, if this host does not trust it

Example:
  $ penstock-gateway init --config gateway.yaml --host gateway.example.com
  $ penstock-gateway run --config gateway.yaml`,
    );
}
