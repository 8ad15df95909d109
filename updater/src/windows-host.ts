import { realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  executableOf,
  type Layout,
  type RunCommand,
  readText,
  type WindowsCommandLine,
  type WindowsServices,
  windowsCommandLine,
  writeDurably,
} from '@penstock/services';
import { HEALTH_FILE, readHealth } from './health.ts';
import type { ManagedService, Observation, TrialResult, UpdaterHost } from './host.ts';
import { type OwnedRequest, ROOT, readRequest } from './request.ts';
import { PROGRAM } from './version-folders.ts';
import type { WindowsBoot } from './windows-boot.ts';

export type WindowsHostOptions = {
  readonly layout: Layout;
  readonly services: Pick<
    WindowsServices,
    'query' | 'names' | 'commandLine' | 'startsAtBoot' | 'start' | 'stop'
  >;
  readonly boot: WindowsBoot;
  readonly run: RunCommand;
  /** Variables of this process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: UpdaterHost['platform'];
  readonly isUpgradeAllowed: (config: string) => boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
};

/** A host whose updater is a service that stays, and that starts the agents at boot. */
export type WindowsUpdaterHost = UpdaterHost & {
  readonly isNewBoot: boolean;
  /** Starts the agents that start at boot. */
  startAtBoot(): void;
  /** Starts what an earlier updater has stopped, and was killed before it could start it again. */
  finishRestarts(): void;
  /** To be called now and then. */
  follow(): void;
};

type Agent = ManagedService & WindowsCommandLine;

/** Services come and go with `service install`, and it takes several programs to find them. */
const SERVICES_AGE_MS = 10_000;
const RESTARTING = 'restarting.json';
/** Below the folder of an agent: what it has fetched. */
const FETCHED = 'upgrade';

/** The updater's host where shawl runs the agents. */
export function windowsUpdaterHost(options: WindowsHostOptions): WindowsUpdaterHost {
  const { layout, services: manager, boot, run, environment, platform, isUpgradeAllowed, now } = options;
  let known: { readonly at: number; readonly agents: readonly Agent[] } | undefined;
  const agents = (): readonly Agent[] => {
    if (known === undefined || now() - known.at > SERVICES_AGE_MS)
      known = { at: now(), agents: agentsOf(layout, manager) };
    return known.agents;
  };
  const agentNamed = (name: string) => agents().find((agent) => agent.name === name);
  const health = (name: string) => {
    const directory = agentNamed(name)?.directory;
    return directory === undefined ? undefined : readHealth(directory);
  };
  /** What the process before has written says nothing about the next one. */
  const forgetHealth = (name: string) => {
    const directory = agentNamed(name)?.directory;
    if (directory === undefined) return;
    try {
      rmSync(join(directory, HEALTH_FILE), { force: true });
    } catch {
      // The agent has put something else there, which is no health either.
    }
  };
  const restarts = new PendingRestarts(join(layout.updater, RESTARTING));
  return {
    layout,
    platform,
    boot: boot.id,
    isNewBoot: boot.isNew,
    follow: () => boot.follow(),
    services: agents,
    observe: (name) => observationOf(manager.query(name), () => health(name)?.process ?? ''),
    restart(name) {
      restarts.add(name);
      manager.stop(name);
      forgetHealth(name);
      manager.start(name);
      restarts.remove(name);
    },
    finishRestarts() {
      for (const name of restarts.names) {
        if (agentNamed(name) !== undefined) manager.start(name);
        restarts.remove(name);
      }
    },
    startAtBoot() {
      for (const { name } of agents()) {
        if (!manager.startsAtBoot(name) || manager.query(name)?.state === 'RUNNING') continue;
        forgetHealth(name);
        manager.start(name);
      }
      for (const name of restarts.names) restarts.remove(name);
    },
    *requests() {
      const own = requestIn(layout.updater);
      if (own !== undefined) yield { source: ROOT, ...own };
      for (const { name, directory } of agents()) {
        const asked = requestIn(directory);
        if (asked !== undefined && isOwnFolder(asked.request.files, join(directory, FETCHED)))
          yield { source: name, ...asked };
      }
    },
    isUpgradeAllowed: ({ config }) => isUpgradeAllowed(config),
    health,
    trial: (executable, words) => resultOf(run([executable, ...words])),
    reaches: (executable, { name, config }) =>
      run([executable, 'reach-gateway', '--config', config], {
        ...environment,
        ...agentNamed(name)?.environment,
      }).status === 0,
  };
}

/** Services that run the agent behind the pointer. */
function agentsOf(layout: Layout, manager: WindowsHostOptions['services']): readonly Agent[] {
  const executable = executableOf(layout, layout.current, PROGRAM).toLowerCase();
  return manager.names(PROGRAM).flatMap((name): Agent[] => {
    const line = windowsCommandLine(manager.commandLine(name));
    const [program, action, , config] = line?.command ?? [];
    const isOurs = program?.toLowerCase() === executable && action === 'run';
    return line === undefined || config === undefined || !isOurs ? [] : [{ name, config, ...line }];
  });
}

function observationOf(service: ReturnType<WindowsServices['query']>, invocation: () => string): Observation {
  const at = (state: Observation['state']): Observation => ({ state, isHung: false, invocation: '' });
  switch (service?.state) {
    case 'RUNNING':
      // shawl runs: whether the program does, and since when, only the program says.
      return { state: 'active', isHung: false, invocation: invocation() };
    case 'START_PENDING':
      return at('starting');
    case 'STOP_PENDING':
      return at('stopping');
    default:
      return at(service !== undefined && service.exitCode !== 0 ? 'failed' : 'stopped');
  }
}

function requestIn(directory: string): OwnedRequest | undefined {
  try {
    return readRequest(directory);
  } catch {
    // An agent that puts something else there asks for nothing.
    return undefined;
  }
}

/**
 * Whether the files that an agent names are in its own folder, without a link on the way there. Windows says of no file who has
 * written it, and this process would open a path on another host with the account of this one.
 */
function isOwnFolder(files: string | undefined, own: string): boolean {
  if (files === undefined) return true;
  if (files !== own) return false;
  try {
    return realpathSync(own).toLowerCase() === own.toLowerCase();
  } catch {
    return true;
  }
}

const resultOf = ({ status, stdout, stderr }: ReturnType<RunCommand>): TrialResult => ({
  ok: status === 0,
  notExecutable: status === undefined,
  output: stdout || stderr,
});

/** Services that were stopped to be started again, in a file that outlives this process. */
class PendingRestarts {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  get names(): readonly string[] {
    try {
      const names: unknown = JSON.parse(readText(this.#file) ?? '[]');
      return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
    } catch {
      return [];
    }
  }

  add(name: string): void {
    this.#write([...new Set([...this.names, name])]);
  }

  remove(name: string): void {
    this.#write(this.names.filter((other) => other !== name));
  }

  #write(names: readonly string[]): void {
    try {
      if (names.length === 0) rmSync(this.#file, { force: true });
      else writeDurably(this.#file, JSON.stringify(names), 0o644);
    } catch {
      // A full disk must not keep a broken version running.
    }
  }
}
