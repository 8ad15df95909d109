import { CommandError, type Io } from '@penstock/terminal';
import { type Layout, layoutBelow, type ProgramName } from '../layout.ts';
import { type RunCommand, runOnHost } from '../run-command.ts';
import { Systemctl } from '../systemd/systemctl.ts';
import type { WindowsHost } from '../windows/windows-service.ts';

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

/** The systemd of this host. Throws CommandError if there is none. */
export function systemdOf(options: { readonly root?: string; readonly run?: RunCommand }): {
  readonly layout: Layout;
  readonly systemctl: Systemctl;
  readonly version: number;
} {
  const run = options.run ?? runOnHost;
  const { status, stdout } = run(['systemctl', '--version']);
  if (status !== 0) {
    throw new CommandError('This host has no systemd.', {
      suggestion:
        'Run the program under the supervisor of this host: it restarts it on every exit code other than 0.',
    });
  }
  return {
    layout: layoutBelow(options.root ?? '/'),
    systemctl: new Systemctl(run),
    version: Number(/^systemd (\d+)/.exec(stdout)?.[1] ?? 0),
  };
}
