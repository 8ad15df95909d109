import {
  addLazyCommands,
  completionCommand,
  configCommand,
  type Io,
  type LazyCommand,
  type SignalSource,
} from '@penstock/terminal';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import { Command } from 'commander';

/** The command line of penstock-agent, with the command that `argv` calls; with all of them if it is omitted. */
export function agentProgram(io: Io, signals: SignalSource, argv?: readonly string[]): Promise<Command> {
  const program = new Command('penstock-agent')
    .description('Connects a Penstock gateway to the targets in its configuration file, and only to those.')
    .version(SOFTWARE_VERSION)
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-agent config validate agent.yaml\n  $ penstock-agent run --config agent.yaml',
    );
  return addLazyCommands(program, commands(io, signals), argv);
}

const commands = (io: Io, signals: SignalSource): readonly LazyCommand[] => [
  {
    name: 'run',
    description: 'run the agent; SIGTERM drains it, SIGHUP or a change to the file reloads the configuration',
    load: async () => (await import('./run-command.ts')).runCommand(io, signals),
  },
  {
    name: 'enroll',
    description:
      'create a key and have the gateway issue a certificate; "run" does this too if there is no identity',
    load: async () => (await import('./enroll-command.ts')).enrollCommand(io),
  },
  {
    name: 'status',
    description: 'print the status of the agent running on this host; exits with 1 if it is not ready',
    load: async () => (await import('./status-command.ts')).statusCommand(io),
  },
  {
    name: 'ready',
    description:
      'exit with 0 if the gateway acknowledges heartbeats and routes to this agent, with 1 otherwise',
    load: async () => (await import('./ready-command.ts')).readyCommand(io),
  },
  {
    name: 'doctor',
    description: 'diagnose everything an agent on this host needs; exits with 1 if it finds a problem',
    load: async () => (await import('./doctor-command.ts')).doctorCommand(io),
  },
  {
    name: 'probe',
    description: 'test whether this host can reach a host and port; policy.probe must allow it',
    load: async () => (await import('./probe-command.ts')).probeCommand(io),
  },
  {
    name: 'config',
    description: 'validate and print the configuration file',
    load: () =>
      configCommand({
        kind: 'Agent',
        io,
        comparePinned: async (file, output) =>
          (await import('./pinned-diff.ts')).comparePinned(io, file, output),
      }),
  },
  {
    name: 'identity',
    description: 'identity of the agent on this host',
    load: async () => (await import('./identity-command.ts')).identityCommand(io),
  },
  {
    name: 'self-check',
    description: 'check that this program is complete and can run on this host, and print its version',
    load: async () => (await import('./self-check-command.ts')).selfCheckCommand(io),
  },
  {
    name: 'service',
    description: 'run the agent as a service of this host',
    load: async () => (await import('./service-command.ts')).hostServiceCommand(io),
  },
  {
    name: 'upgrade',
    description: 'show and change the version of the agents of this host',
    load: async () => (await import('./upgrade-command.ts')).upgradeCommand(io),
  },
  {
    name: 'reach-gateway',
    description: 'exit with 0 if the gateway answers this host, with 1 otherwise; changes nothing',
    load: async () => (await import('./reach-gateway-command.ts')).reachGatewayCommand(io),
    isHidden: true,
  },
  {
    name: 'updater',
    description: 'stage, switch and watch versions as the agents of this host ask; run by its units',
    load: async () => (await import('./updater-command.ts')).updaterCommand(io),
    isHidden: true,
  },
  {
    name: 'completion',
    description: 'print a shell completion script for commands, options and their values',
    load: async () => completionCommand(io),
  },
];
