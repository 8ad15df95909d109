import { completionCommand, configCommand, type Io, type SignalSource } from '@penstock/terminal';
import { SOFTWARE_VERSION } from '@penstock/wire';
import { Command } from 'commander';
import { doctorCommand } from './doctor-command.ts';
import { enrollCommand } from './enroll-command.ts';
import { identityCommand } from './identity-command.ts';
import { comparePinned } from './pinned-diff.ts';
import { probeCommand } from './probe-command.ts';
import { runCommand } from './run-command.ts';
import { readyCommand, statusCommand } from './status-command.ts';

/** penstock-agent and all its commands. */
export function agentProgram(io: Io, signals: SignalSource): Command {
  return new Command('penstock-agent')
    .description('Connects a Penstock gateway to the targets in its configuration file, and only to those.')
    .version(SOFTWARE_VERSION)
    .addCommand(runCommand(io, signals))
    .addCommand(enrollCommand(io))
    .addCommand(statusCommand(io))
    .addCommand(readyCommand(io))
    .addCommand(doctorCommand(io))
    .addCommand(probeCommand(io))
    .addCommand(
      configCommand({ kind: 'Agent', io, comparePinned: (file, output) => comparePinned(io, file, output) }),
    )
    .addCommand(identityCommand(io))
    .addCommand(completionCommand(io))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-agent config validate agent.yaml\n  $ penstock-agent run --config agent.yaml',
    );
}
