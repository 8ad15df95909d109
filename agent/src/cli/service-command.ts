import { isSea } from 'node:sea';
import { canSendDatagrams, serviceCommand } from '@penstock/services';
import type { Io } from '@penstock/terminal';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import type { Command } from 'commander';

/** `service`: installs the agent as a service of this host. */
export function hostServiceCommand(io: Io): Command {
  const { platform, execPath, execArgv, argv } = process;
  const isSingleExecutable = isSea();
  return serviceCommand({
    program: 'penstock-agent',
    io,
    self: {
      platform,
      version: SOFTWARE_VERSION,
      command: isSingleExecutable ? [execPath] : [execPath, ...execArgv, argv[1] ?? ''],
      isSingleExecutable,
      canNotify: canSendDatagrams(),
    },
    // Windows asks for the elevation itself.
    isRoot: process.geteuid === undefined || process.geteuid() === 0,
  });
}
