import { randomUUID } from 'node:crypto';
import { release } from 'node:os';
import type { AgentConfig } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import { WindowBudget } from '@penstock/transport';
import { type AgentMessageOf, PROTOCOL_VERSION, SOFTWARE_VERSION } from '@penstock/wire';
import type { Diagnostics } from '../diagnostics/diagnostics.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import type { AgentLog } from '../observe/event.ts';
import type { AgentMetrics } from '../observe/metrics.ts';
import type { PinWatch } from '../policy/watch-pin.ts';
import { announcedConnectors } from '../target/announced-connectors.ts';
import type { ConnectorChecks } from '../target/checks/connector-checks.ts';
import { heartbeatChecks } from '../target/checks/heartbeat-checks.ts';
import type { Targets } from '../target/targets.ts';
import { ParallelSessions } from '../tunnel/parallel-sessions.ts';
import type { Environment } from '../tunnel/proxy.ts';
import type { UpgradeAgent } from '../upgrade/upgrade-agent.ts';
import type { GatewayLink } from './gateway-link.ts';
import type { HostHealth } from './host-health.ts';

export type SessionsOptions = {
  readonly config: () => AgentConfig;
  readonly environment: Environment;
  readonly keeper: IdentityKeeper;
  readonly link: GatewayLink;
  readonly targets: Targets;
  readonly checks: Pick<ConnectorChecks, 'results'>;
  readonly diagnostics: Pick<Diagnostics, 'answer'>;
  readonly hostHealth: Pick<HostHealth, 'latest'>;
  readonly pinWatch: PinWatch;
  readonly upgrades: Pick<UpgradeAgent, 'status' | 'receive'>;
  readonly metrics: AgentMetrics;
  readonly log: AgentLog;
  readonly clock: Clock;
};

/** Creates the sessions to the gateway. They connect once `start` is called. */
export function createSessions(options: SessionsOptions): ParallelSessions {
  const { config, environment, keeper, link, targets, checks, hostHealth, pinWatch, log } = options;
  const sessions = new ParallelSessions({
    config,
    gateway: () => config().gateway,
    environment,
    keeper,
    targets,
    windows: new WindowBudget(config().tunnel.memoryBudget),
    log,
    metrics: options.metrics,
    clock: options.clock,
    refusal: () => pinWatch.refusal(),
    hello: helloOf(config),
    heartbeatFields: () => ({
      ...hostHealth.latest(),
      streams: sessions.streams,
      identity: { notAfter: keeper.current?.notAfter ?? 0 },
      ...(sessions.replicas && { replicas: sessions.replicas }),
      checks: heartbeatChecks(checks.results),
      upgrade: options.upgrades.status,
    }),
    onAcknowledged: (interval, reading) => {
      link.readiness.acknowledged(interval);
      if (reading !== undefined) link.clockOffset = reading.offset;
    },
    onFailed: (error) => link.failed(error),
    onMessage: (message, session) => {
      if (message.type === 'request')
        options.diagnostics.answer(
          message,
          (result) => session.sendResult(result),
          (progress) => session.send(progress),
        );
      options.upgrades.receive(message);
      if (message.type === 'welcome' || message.type === 'pin') pinWatch.update(message);
    },
  });
  return sessions;
}

/** What a session announces about the configuration in force, in its hello and after a reload. */
export const announcedConfig = ({ version, digest, connectors, policy }: AgentConfig) => ({
  config: { version, digest },
  connectors: announcedConnectors(connectors),
  policy: {
    logs: policy.remote.logs,
    restart: policy.remote.restart,
    probe: policy.probe.allow.length === 0 ? ('none' as const) : ('some' as const),
  },
});

function helloOf(config: () => AgentConfig): (index: number) => AgentMessageOf<'hello'> {
  // The identity is issued for a name and a pool: changing them requires a restart.
  const { name } = config();
  const bootId = randomUUID();
  return (index) => ({
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    agent: { name, version: SOFTWARE_VERSION },
    bootId,
    platform: {
      os: `${process.platform} ${release()}`.slice(0, 64),
      arch: process.arch,
      node: process.versions.node,
    },
    ...announcedConfig(config()),
    session: { index, wanted: config().gateway.sessions },
    ...(config().policy.resume > 0 && { resume: { for: config().policy.resume } }),
  });
}
