import type { AgentConfig } from '@penstock/config-schema';
import { buildFacts } from '@penstock/release';
import type { Clock } from '@penstock/runtime';
import { ProblemError, SOFTWARE_VERSION, VERSION_PATTERN } from '@penstock/wire';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import type { AgentLog } from '../observe/event.ts';
import type { ConnectorChecks } from '../target/checks/connector-checks.ts';
import { downloadRelease } from '../tunnel/download.ts';
import type { ParallelSessions } from '../tunnel/parallel-sessions.ts';
import type { Environment } from '../tunnel/proxy.ts';
import { findUpgrader } from '../upgrade/find-upgrader.ts';
import { startHealthReports } from '../upgrade/health-reports.ts';
import { directorySource, type ReleaseSource, urlSource } from '../upgrade/release-source.ts';
import { UpgradeAgent } from '../upgrade/upgrade-agent.ts';
import { agentHealth } from './agent-health.ts';
import type { GatewayLink } from './gateway-link.ts';

export type UpgradesOptions = {
  readonly config: () => AgentConfig;
  readonly environment: Environment;
  readonly keeper: Pick<IdentityKeeper, 'current'>;
  readonly link: GatewayLink;
  readonly checks: Pick<ConnectorChecks, 'results'>;
  readonly sessions: () => Pick<ParallelSessions, 'ready' | 'wanted' | 'sendOnOne'>;
  readonly log: AgentLog;
  readonly clock: Clock;
};

/** Creates the agent's part in upgrades. It follows the updater once it is started. */
export function createUpgrades(options: UpgradesOptions) {
  const { config, environment, link, checks, sessions, log, clock } = options;
  const upgrader = findUpgrader(environment);
  const upgrades = new UpgradeAgent({
    upgrader,
    version: SOFTWARE_VERSION,
    pinned: pinIn(environment),
    rootKeys: buildFacts.rootKeys,
    platform: { os: process.platform, arch: process.arch },
    policy: () => config().policy.remote.upgrade,
    keep: () => config().upgrade.keep,
    source: () => releaseSource(options),
    clockOffset: () => link.clockOffset,
    send: (message) => sessions().sendOnOne(message),
    log,
    clock,
  });
  const health = () => agentHealth({ link, checks, sessions: sessions() });
  return {
    upgrades,
    /** Starts following the updater and reporting to it. Returns a stop function. */
    start(): () => void {
      const stopReports = startHealthReports({ upgrader, health, clock });
      void upgrades.start();
      return () => {
        stopReports();
        upgrades.stop();
      };
    },
  };
}

function releaseSource({ config, environment, keeper }: UpgradesOptions): ReleaseSource {
  const { source } = config().upgrade;
  if (source.kind === 'url') return urlSource(source.url);
  if (source.kind === 'directory') return directorySource(source.path);
  return {
    name: 'the gateway',
    async open(file, offset, signal) {
      const { current } = keeper;
      if (current === undefined) throw new ProblemError('IDENTITY_REQUIRED');
      const identity = { key: current.key.reveal(), certificate: current.certificate };
      return downloadRelease(config().gateway, { environment, signal, identity }, file, offset);
    },
  };
}

const isVersion = new RegExp(VERSION_PATTERN);

/** PENSTOCK_VERSION_PIN: the only version that this host is upgraded to. What is no version pins to the running one. */
export function pinIn(environment: Environment): string | undefined {
  const pin = environment['PENSTOCK_VERSION_PIN']?.trim() ?? '';
  if (pin === '') return undefined;
  return isVersion.test(pin) ? pin : SOFTWARE_VERSION;
}
