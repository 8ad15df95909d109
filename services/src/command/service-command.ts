import { CommandError, outputOption } from '@penstock/terminal';
import { Command } from 'commander';
import { type HostService, installService } from './install.ts';
import { showStatus } from './status.ts';
import { uninstallService } from './uninstall.ts';

export type ServiceCommandOptions = HostService & {
  /** Whether this user may change services. */
  readonly isRoot: boolean;
};

/** `service`: installs the program as a service of this host. */
export function serviceCommand(options: ServiceCommandOptions): Command {
  const { program } = options;
  const kind = program === 'penstock-agent' ? 'agent' : 'gateway';
  const command = new Command('service').description(`run the ${kind} as a service of this host`);
  const install = new Command('install')
    .description('install and start the service; repairs one that is half installed')
    .option('-c, --config <file>', 'configuration file', `/etc/penstock/${kind}.yaml`)
    .option('--name <name>', 'name of the service, if the host has several', program)
    .option('--executable <file>', 'executable that the service runs; this one if omitted')
    .option('--env <NAME=value...>', 'variable in the environment of the service')
    .option('--no-start', 'start it at the next boot only')
    .option('--dry-run', 'print what would be done, with the units')
    .addHelpText(
      'after',
      `\nExample:\n  $ sudo ${program} service install --config /etc/penstock/${kind}.yaml`,
    )
    .action((chosen) => {
      if (chosen.dryRun !== true) requireRoot(options, 'install');
      installService(options, chosen);
    });
  if (program === 'penstock-agent') {
    install.option(
      '--token-file <file>',
      'enrollment token, which is copied to where only root and the service can read it',
    );
  }
  if (options.self.platform === 'win32')
    install.option('--shawl <file>', 'shawl.exe, next to the executable if omitted');
  command.addCommand(install);
  command.addCommand(
    new Command('uninstall')
      .description('stop and remove the service; configuration, state and versions stay')
      .option('--name <name>', 'name of the service', program)
      .option('--dry-run', 'print what would be done')
      .addHelpText('after', `\nExample:\n  $ sudo ${program} service uninstall`)
      .action((chosen: { name: string; dryRun?: boolean }) => {
        if (chosen.dryRun !== true) requireRoot(options, 'uninstall');
        uninstallService(options, chosen);
      }),
  );
  command.addCommand(
    new Command('status')
      .description('print the state of the service; exits with 1 if it does not run or needs a repair')
      .option('--name <name>', 'name of the service', program)
      .addOption(outputOption(['text', 'json']))
      .addHelpText('after', `\nExample:\n  $ ${program} service status`)
      .action((chosen: { name: string; output: 'text' | 'json' }) => showStatus(options, chosen)),
  );
  return command;
}

function requireRoot({ isRoot, program }: ServiceCommandOptions, action: string): void {
  if (isRoot) return;
  throw new CommandError('Only root can change services of the host.', {
    suggestion: `Run: sudo ${program} service ${action} …   (--dry-run shows what it does)`,
  });
}
