import { completionNames, operatorCommands } from '@penstock/operator';
import {
  addLazyCommands,
  completionCommand,
  type Io,
  type LazyCommand,
  type SignalSource,
} from '@penstock/terminal';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import { Command } from 'commander';

/** The command line of penstock-gateway, with the command that `argv` calls; with all of them if it is omitted. */
export function gatewayProgram(io: Io, signals: SignalSource, argv?: readonly string[]): Promise<Command> {
  const program = new Command('penstock-gateway')
    .description('Connects clients to databases behind agents in other networks.')
    .version(SOFTWARE_VERSION)
    .addHelpText(
      'after',
      `
All commands except init, run, store and config use the API of a running gateway:
  PENSTOCK_URL    its admin address; default http://127.0.0.1:8080
  PENSTOCK_TOKEN  an admin token; init prints the first one
  PENSTOCK_CA     a file with the CA that issued its certificate, if this host does not trust it

Example:
  $ penstock-gateway init --config gateway.yaml --host gateway.example.com
  $ penstock-gateway run --config gateway.yaml`,
    );
  return addLazyCommands(program, commands(io, signals), argv);
}

const commands = (io: Io, signals: SignalSource): readonly LazyCommand[] => [
  {
    name: 'init',
    description:
      'create the data directory, the agent CA, a server certificate if none is configured, and the first admin ' +
      'token; existing files are left unchanged',
    load: async () => (await import('./init-command.ts')).initCommand(io),
  },
  {
    name: 'run',
    description:
      'run the gateway; SIGTERM drains it, SIGHUP or a change to the file reloads the configuration',
    load: async () => (await import('./run-command.ts')).runCommand(io, signals),
  },
  {
    name: 'service',
    description: 'run the gateway as a service of this host',
    load: async () => (await import('./service-command.ts')).hostServiceCommand(io),
  },
  {
    name: 'store',
    description: 'show where the state of the control plane is, and move it into a database or back',
    load: async () => (await import('./store-command.ts')).storeCommand(io),
  },
  ...operatorCommands(io),
  {
    name: 'self-check',
    description: 'check that this program is complete and can run on this host, and print its version',
    load: async () => (await import('./self-check-command.ts')).selfCheckCommand(io),
  },
  {
    name: 'completion',
    description: 'print a shell completion script for commands, options and their values',
    load: async () => completionCommand(io, completionNames),
  },
];
