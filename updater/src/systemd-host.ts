import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostLayout, layoutBelow, type RunCommand, readText, Systemctl } from '@penstock/services';
import { readHealth } from './health.ts';
import type { ManagedService, Observation, TrialResult, UpdaterHost } from './host.ts';
import { type OwnedRequest, ROOT, readRequest } from './request.ts';
import { PROGRAM } from './version-folders.ts';

export type SystemdHostOptions = {
  readonly run: RunCommand;
  readonly platform: UpdaterHost['platform'];
  /** Whether a configuration file lets the control plane upgrade its agent. */
  readonly isUpgradeAllowed: (config: string) => boolean;
  /** Stands for `/` in tests. */
  readonly root?: string;
};

/** Exit code of systemd-run for a file that the kernel does not execute (systemd.exec(5), EXIT_EXEC). */
const EXIT_EXEC = 203;
const TRIAL_SECONDS = 60;

/** Sandbox of a version that has not proved itself: as the service, without a network, and with nothing to write to. */
const TRIAL = [
  'DynamicUser=yes',
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'ProtectSystem=strict',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'PrivateNetwork=yes',
  `RuntimeMaxSec=${TRIAL_SECONDS}`,
];

/** The updater's host where systemd manages the services. */
export function systemdHost(options: SystemdHostOptions): UpdaterHost {
  const { run, platform, isUpgradeAllowed, root = '/' } = options;
  const layout = layoutBelow(root);
  const systemctl = new Systemctl(run);
  const services = () => agentServices([layout.units, join(root, 'usr/lib/systemd/system')]);
  const directoryOf = (service: string) => join(root, 'run', service);
  const transient = (properties: readonly string[], argv: readonly string[]): TrialResult => {
    const { status, stdout, stderr } = run([
      'systemd-run',
      ...['--quiet', '--wait', '--pipe', '--collect', '--service-type=exec'],
      ...properties.map((property) => `--property=${property}`),
      '--',
      ...argv,
    ]);
    const isStarted = status !== EXIT_EXEC && !/Failed to execute|Exec format error/.test(stderr);
    return { ok: status === 0, notExecutable: !isStarted, output: stdout || stderr };
  };
  return {
    layout,
    platform,
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    services,
    observe: (service) => observationOf(systemctl, `${service}.service`),
    restart(service) {
      const unit = `${service}.service`;
      // A unit that has failed too often, or was stopped by its failure, is not started by a restart alone.
      systemctl.attempt('reset-failed', unit);
      systemctl.do('restart', '--no-block', unit);
    },
    *requests() {
      for (const [source, directory] of [
        [ROOT, layout.updater] as const,
        ...services().map(({ name }) => [name, directoryOf(name)] as const),
      ]) {
        const request = requestIn(directory);
        if (request !== undefined) yield { source, ...request };
      }
    },
    isUpgradeAllowed: ({ config }) => isUpgradeAllowed(config),
    health: (service) => readHealth(directoryOf(service)),
    trial: (executable, words) => transient(TRIAL, [executable, ...words]),
    reaches: (executable, { name, config }) =>
      transient(
        [
          'DynamicUser=yes',
          `User=${name}`,
          `StateDirectory=${name}`,
          // As in its unit: systemd would open the directory to others.
          'StateDirectoryMode=0700',
          'UMask=0077',
          `EnvironmentFile=-/etc/penstock/${name}.env`,
          'Environment=HOSTNAME=%H',
          'NoNewPrivileges=yes',
          'CapabilityBoundingSet=',
          'ProtectSystem=strict',
          `RuntimeMaxSec=${TRIAL_SECONDS}`,
        ],
        [executable, 'reach-gateway', '--config', config],
      ).ok,
  };
}

function requestIn(directory: string): OwnedRequest | undefined {
  try {
    return readRequest(directory);
  } catch {
    // An agent that puts something else there asks for nothing.
    return undefined;
  }
}

function observationOf(systemctl: Systemctl, unit: string): Observation {
  const { active, sub, result, invocation } = systemctl.show(unit);
  const isHung = result === 'watchdog' || result === 'timeout';
  const state = ((): Observation['state'] => {
    switch (active) {
      case 'active':
      case 'reloading':
        return 'active';
      case 'activating':
        return sub.startsWith('auto-restart') ? 'restarting' : 'starting';
      case 'deactivating':
        return 'stopping';
      case 'failed':
        return 'failed';
      default:
        return 'stopped';
    }
  })();
  return { state, isHung, invocation };
}

/** Services whose executable is the one of the pointer, whoever wrote their units. The first directory wins. */
function agentServices(directories: readonly string[]): readonly ManagedService[] {
  const found = new Map<string, ManagedService>();
  for (const directory of directories) {
    if (!existsSync(directory)) continue;
    for (const file of readdirSync(directory)) {
      if (!new RegExp(`^${PROGRAM}(-[a-z0-9-]+)?\\.service$`).test(file)) continue;
      const name = file.replace(/\.service$/, '');
      const config = configOf(readText(join(directory, file)) ?? '');
      if (config !== undefined && !found.has(name)) found.set(name, { name, config });
    }
  }
  return [...found.values()];
}

/** The configuration file in a unit's ExecStart; undefined if it runs something else. */
function configOf(unit: string): string | undefined {
  const [, line] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  if (line?.startsWith(`${join(hostLayout.current, PROGRAM)} run`) !== true) return undefined;
  const [, quoted, plain] = /--config[ =](?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(line) ?? [];
  return (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain)?.replaceAll('%%', '%').replaceAll('$$', '$');
}
