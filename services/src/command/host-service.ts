import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, type Io } from '@penstock/terminal';
import { layoutBelow, type ProgramName, type SystemdLayout } from '../layout.ts';
import { type RunCommand, runOnHost } from '../run-command.ts';
import { Systemctl } from '../systemd/systemctl.ts';
import type { WindowsHost } from '../windows/service-manager.ts';

/** How this process was started, as far as a service starts the same program. */
export type Self = {
  readonly platform: NodeJS.Platform;
  readonly version: string;
  /** Executable and arguments before the command. */
  readonly command: readonly string[];
  /** Whether the executable contains the program, so that it can be copied alone. */
  readonly isSingleExecutable: boolean;
  readonly canNotify: boolean;
};

/** Names of units, users and directories: what systemd accepts as a user (systemd.io/USER_NAMES). */
const NAME = /^[a-z][a-z0-9-]{0,30}$/;

export function checkedName(name: string, program: ProgramName): string {
  if (NAME.test(name) && name.startsWith(program)) return name;
  throw new CommandError(`${name} cannot be the name of a service.`, {
    suggestion: `Use ${program} or ${program}-SOMETHING, with lowercase letters, digits and hyphens, 31 at most.`,
  });
}

/** This Windows, as far as services need it. */
export function windowsHost({
  io,
  run = runOnHost,
}: {
  readonly io: Pick<Io, 'environment'>;
  readonly run?: RunCommand;
}): WindowsHost {
  const { SystemRoot, SYSTEMROOT } = io.environment;
  return { run, systemRoot: SystemRoot ?? SYSTEMROOT ?? String.raw`C:\Windows` };
}

type HostSystemd = {
  readonly layout: SystemdLayout;
  readonly systemctl: Systemctl;
  readonly version: number;
};

/** What systemctl says where systemd does not run: no unit is known. */
const asleep: RunCommand = () => ({
  status: 0,
  stdout: 'LoadState=not-found\nActiveState=inactive\n',
  stderr: '',
});

/**
 * The systemd of this host. Throws CommandError if it does not run, unless nothing is to be changed: an image or a chroot
 * has none, and neither has the machine on which somebody looks at the units first.
 */
export function systemdOf(
  options: { readonly root?: string; readonly run?: RunCommand },
  isDryRun = false,
): HostSystemd {
  const run = options.run ?? runOnHost;
  const root = options.root ?? '/';
  const { status, stdout } = run(['systemctl', '--version']);
  // sd_booted(3)
  const isBooted = existsSync(join(root, 'run/systemd/system'));
  if (isDryRun && (status !== 0 || !isBooted))
    return { layout: layoutBelow(root), systemctl: new Systemctl(asleep), version: versionIn(stdout) };
  if (status === 0 && !isBooted) {
    throw new CommandError('systemd does not run on this host, as in a container or a chroot.', {
      suggestion: 'Run the command on the booted host. --dry-run prints what it would do there.',
    });
  }
  if (status !== 0) {
    throw new CommandError('This host has no systemd.', {
      suggestion:
        'Run the program under the supervisor of this host: it restarts it on every exit code other than 0.',
    });
  }
  return {
    layout: layoutBelow(root),
    systemctl: new Systemctl(run),
    version: versionIn(stdout),
  };
}

const versionIn = (text: string) => Number(/^systemd (\d+)/.exec(text)?.[1] ?? 0);
