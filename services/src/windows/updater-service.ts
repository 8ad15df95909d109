import { copyFileSync, existsSync } from 'node:fs';
import { win32 } from 'node:path';
import { executableOf, type Layout } from '../layout.ts';
import { placeSteps } from '../place-version.ts';
import type { Step } from '../step.ts';
import { type WindowsHost, WindowsServices } from './service-manager.ts';
import {
  DISPLAY,
  folderStep,
  readOnlySteps,
  type WindowsService,
  windowsServiceSteps,
  windowsUninstallSteps,
} from './windows-service.ts';

export const UPDATER_SERVICE = 'penstock-updater';
const PROGRAM = 'penstock-agent';

/** An agent whose versions the updater switches. */
export type UpdatedAgent = Pick<WindowsService, 'name' | 'directory' | 'environment' | 'token'> & {
  /** Absolute path of the configuration file. */
  readonly config: string;
};

export type UpdatedAgentOptions = {
  readonly layout: Layout;
  readonly agent: UpdatedAgent;
  readonly version: string;
  /** This executable, and the shawl.exe to install with it. */
  readonly executable: string;
  readonly shawl: string;
  readonly start: boolean;
};

/** Where the service of an agent finds its wrapper: nobody but administrators can write there. */
export const placedShawl = ({ home }: Pick<Layout, 'home'>): string => win32.join(home, 'shawl.exe');

/** The updater, as the system: it is the only one that changes executables, and starts and stops agents. */
export const updaterService = (layout: Layout): WindowsService => ({
  name: UPDATER_SERVICE,
  display: 'Penstock updater',
  // Without a folder: after a power cut in the middle of a commit, `stable` may lead nowhere, and `current` does not.
  command: [`${PROGRAM}${layout.suffix}`, 'updater'],
  path: [layout.stable, layout.current],
  shawl: placedShawl(layout),
  directory: layout.updater,
  environment: {},
  atBoot: 'now',
  account: 'system',
});

/** What the agent is told about the updater: where its state is, and through which folder it is reached. */
export const agentService = (layout: Layout, agent: UpdatedAgent): WindowsService => ({
  ...agent,
  display: DISPLAY[PROGRAM],
  command: [executableOf(layout, layout.current, PROGRAM), 'run', '--config', agent.config],
  shawl: placedShawl(layout),
  environment: {
    ...agent.environment,
    PENSTOCK_UPGRADER: layout.updater,
    RUNTIME_DIRECTORY: agent.directory,
    STATE_DIRECTORY: agent.directory,
  },
  atBoot: 'late',
  account: 'own',
});

/** What is missing on this host for an agent and its updater to run. */
export function updatedAgentSteps(options: UpdatedAgentOptions, host: WindowsHost): readonly Step[] {
  const { layout, agent, version, executable, shawl, start } = options;
  const parts = [updaterService(layout), agentService(layout, agent)].map((service) =>
    windowsServiceSteps(service, host),
  );
  const home = folderStep(layout.home);
  const wrapper = placedShawl(layout);
  return [
    ...(home === undefined ? [] : [home]),
    ...placeSteps({ layout, program: PROGRAM, version, executable }),
    ...(existsSync(wrapper)
      ? []
      : [{ title: `copy ${shawl} to ${wrapper}`, run: () => copyFileSync(shawl, wrapper) }]),
    ...parts.flatMap(({ create }) => create),
    ...readOnlySteps(host, layout.home),
    ...parts.flatMap(({ configure }) => configure),
    ...(start ? parts.flatMap((part) => part.start) : []),
  ];
}

/** Removes an agent, and the updater with the last one. */
export function updatedAgentUninstallSteps(name: string, host: WindowsHost): readonly Step[] {
  const others = new WindowsServices(host).names(PROGRAM).filter((other) => other !== name);
  return [
    ...(others.length === 0 ? windowsUninstallSteps(UPDATER_SERVICE, host) : []),
    ...windowsUninstallSteps(name, host),
  ];
}
