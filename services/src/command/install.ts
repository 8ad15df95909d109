import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommandError, type Io } from '@penstock/terminal';
import { readText } from '../host-files.ts';
import { executableOf, hostLayout, type ProgramName, type SystemdLayout, windowsLayout } from '../layout.ts';
import { placeSteps, replaceablePart } from '../place-version.ts';
import type { RunCommand } from '../run-command.ts';
import type { Step } from '../step.ts';
import { installSteps } from '../systemd/install.ts';
import { type ProgramService, tokenPath } from '../systemd/program-unit.ts';
import { GENERATED_MARK } from '../systemd/unit-file.ts';
import { placedShawl, updatedAgentSteps } from '../windows/updater-service.ts';
import { DISPLAY, windowsInstallSteps, windowsTokenPath } from '../windows/windows-service.ts';
import { requireValidConfig } from './check-config.ts';
import { checkedName, type Self, systemdOf, windowsHost } from './host-service.ts';
import { runSteps } from './run-steps.ts';

/** A program, and the host that runs it as a service. */
export type HostService = {
  readonly program: ProgramName;
  readonly io: Io;
  /** This process: how it was started, and on which system. */
  readonly self: Self;
  /** Stands for `/` in tests. */
  readonly root?: string;
  readonly run?: RunCommand;
};

export type InstallChoices = {
  readonly config: string;
  readonly name: string;
  readonly executable?: string;
  readonly env?: readonly string[];
  readonly tokenFile?: string;
  readonly shawl?: string;
  readonly start: boolean;
  readonly dryRun?: boolean;
};

/** `service install`. Throws CommandError before anything is changed if it cannot succeed. */
export function installService(host: HostService, choices: InstallChoices): void {
  const { program, self, io } = host;
  const name = checkedName(choices.name, program);
  const config = resolve(choices.config);
  const file = host.root === undefined ? config : join(host.root, config);
  if (!existsSync(file)) {
    throw new CommandError(`${config} does not exist.`, {
      suggestion: 'Write the configuration first, or name it with --config.',
    });
  }
  requireValidConfig(program, file, io);
  const environment = variablesOf(choices.env ?? []);
  const steps =
    self.platform === 'win32'
      ? windowsSteps(host, { ...choices, name, config }, environment)
      : systemdSteps(host, { ...choices, name, config }, environment);
  runSteps(steps, {
    io,
    dryRun: choices.dryRun === true,
    nothing: `${name} is already installed; nothing to do.`,
  });
  if (choices.tokenFile !== undefined && choices.dryRun !== true) {
    const token =
      self.platform === 'win32'
        ? windowsTokenPath({ directory: windowsDirectory(config, name) })
        : tokenPath(name);
    io.stdout.write(
      `The token is at ${token} for the service: agent.yaml can refer to it as \${file:${token}}.\n`,
    );
  }
}

function systemdSteps(
  host: HostService,
  choices: InstallChoices,
  environment: Readonly<Record<string, string>>,
): readonly Step[] {
  const { program, self } = host;
  const { layout, systemctl, version: systemdVersion } = systemdOf(host, choices.dryRun);
  const isManaged = choices.executable !== undefined || self.isSingleExecutable;
  const replaceable = isManaged && choices.dryRun !== true ? replaceablePart(layout) : undefined;
  if (replaceable !== undefined) {
    throw new CommandError('Users other than root could replace what the service runs.', {
      suggestion: replaceable,
    });
  }
  const hasUpdater = isManaged && program === 'penstock-agent';
  const place = isManaged
    ? placeSteps({
        layout,
        program,
        version: self.version,
        executable: choices.executable ?? self.command[0] ?? '',
      })
    : [];
  const service: ProgramService = {
    program,
    name: choices.name,
    config: choices.config,
    // As the host sees it: a link whose target changes with the version.
    command: isManaged ? [executableOf(hostLayout, hostLayout.current, program)] : self.command,
    environment,
    notifiesItself: self.canNotify,
    systemdVersion,
    hasUpdater,
  };
  return [
    ...place,
    ...installSteps({
      service,
      layout,
      systemctl,
      token: choices.tokenFile === undefined ? undefined : tokenIn(choices.tokenFile),
      updater: hasUpdater ? [executableOf(hostLayout, hostLayout.stable, program)] : undefined,
      otherAgents: installedAgents(layout),
      start: choices.start,
    }),
  ];
}

function windowsSteps(
  host: HostService,
  { name, config, executable, shawl, start, tokenFile }: InstallChoices,
  environment: Readonly<Record<string, string>>,
): readonly Step[] {
  const { program, self, io } = host;
  const command = executable === undefined ? self.command : [executable];
  const layout = windowsLayout(io.environment);
  const hasUpdater = (executable !== undefined || self.isSingleExecutable) && program === 'penstock-agent';
  const next = join(dirname(command[0] ?? ''), 'shawl.exe');
  const wrapper = shawl ?? (hasUpdater && !existsSync(next) ? placedShawl(layout) : next);
  if (!existsSync(wrapper)) {
    throw new CommandError(`${wrapper} does not exist, and Windows needs it to run the service.`, {
      suggestion: 'Copy the shawl.exe of the release next to the executable, or name it with --shawl.',
    });
  }
  const service = {
    name,
    directory: windowsDirectory(config, name),
    environment,
    token: tokenFile === undefined ? undefined : tokenIn(tokenFile),
  };
  if (hasUpdater) {
    const { version } = self;
    const agent = { ...service, config };
    const executableHere = command[0] ?? '';
    return updatedAgentSteps(
      { layout, agent, version, executable: executableHere, shawl: wrapper, start },
      windowsHost(host),
    );
  }
  return windowsInstallSteps(
    {
      ...service,
      display: DISPLAY[program],
      command: [...command, 'run', '--config', config],
      shawl: wrapper,
      atBoot: 'now',
      account: 'own',
    },
    windowsHost(host),
    start,
  );
}

/** Where the service works, logs, and finds its token. */
const windowsDirectory = (config: string, name: string) => join(dirname(config), name);

/** Agents that this command has installed on the host. */
export function installedAgents({ units }: SystemdLayout): readonly string[] {
  if (!existsSync(units)) return [];
  return readdirSync(units)
    .filter((file) => /^penstock-agent(-[a-z0-9-]+)?\.service$/.test(file))
    .filter((file) => readText(join(units, file))?.startsWith(GENERATED_MARK))
    .map((file) => file.replace(/\.service$/, ''));
}

const MAX_TOKEN_LENGTH = 4_096;

function tokenIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CommandError(`${file} cannot be read.`, {
      cause,
      suggestion: 'Name the file of the enrollment token.',
    });
  }
  if (text !== '' && text.length <= MAX_TOKEN_LENGTH && !/\s/.test(text)) return `${text}\n`;
  throw new CommandError(`${file} does not contain one enrollment token.`, {
    suggestion: 'Write what penstock-gateway token create printed, and nothing else.',
  });
}

function variablesOf(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const match = /^([A-Za-z_][A-Za-z0-9_]*)=([^\r\n\0]*)$/.exec(word);
      if (match?.[1] === undefined || match[2] === undefined)
        throw new CommandError(`${word} is not a variable.`, { suggestion: 'Write NAME=value.' });
      return [match[1], match[2]];
    }),
  );
}
