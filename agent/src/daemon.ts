import type { AgentConfig } from '@penstock/config-schema';
import { type Clock, systemClock } from '@penstock/runtime';
import { errorText, SOFTWARE_VERSION } from '@penstock/wire';
import { agentReadiness, agentStatus } from './composition/agent-status.ts';
import { GatewayLink } from './composition/gateway-link.ts';
import { startHostHealth } from './composition/host-health.ts';
import { openAgentIdentity } from './composition/identity.ts';
import { changesFor, type InForce } from './composition/reload.ts';
import { createSessions } from './composition/sessions.ts';
import { createUpgrades } from './composition/upgrades.ts';
import { compareWithPin } from './diagnostics/compare-pinned.ts';
import { openDiagnostics } from './diagnostics/diagnostics.ts';
import { gatewayFacts } from './diagnostics/gateway-facts.ts';
import { watchSleep } from './health/sleep-watch.ts';
import { lockIdentity } from './identity/lock-identity.ts';
import { announceRunning } from './local/running-agent.ts';
import { type LocalServer, startLocalServer } from './local/server.ts';
import type { AgentStatus } from './local/status.ts';
import type { AgentLog } from './observe/event.ts';
import { createAgentMetrics } from './observe/metrics.ts';
import { watchPin } from './policy/watch-pin.ts';
import { ConnectorChecks } from './target/checks/connector-checks.ts';
import type { Lookup } from './target/lookup.ts';
import { Targets } from './target/targets.ts';
import type { Environment } from './tunnel/proxy.ts';

export type DaemonOptions = {
  readonly config: AgentConfig;
  readonly environment: Environment;
  readonly log: AgentLog;
  /** Resolves target names; the host's resolver when omitted. */
  readonly lookup?: Lookup;
  /** Decides when to renew, when a session is old, and whether this host slept; the system clock when omitted. */
  readonly clock?: Clock;
};

/** A running agent. */
export type Daemon = {
  /** The address that serves /healthz, /readyz, /metrics and /status. */
  readonly local: LocalServer['address'];
  status(): AgentStatus;
  /** Logs an event and keeps it for the control plane to read. */
  readonly log: AgentLog;
  /** Puts a configuration in force. Open connections stay. */
  apply(config: AgentConfig): void;
  /** Announces the drain, waits for open connections until `drain.timeout`, and stops. */
  drain(): Promise<void>;
  /** Closes everything immediately. */
  stop(): Promise<void>;
  /** Resolves with the reason when the agent cannot get an identity. */
  readonly failed: Promise<Error>;
  /** Resolves when the control plane requests a restart. The caller drains the agent and exits with that exit code. */
  readonly restartRequested: Promise<void>;
};

/** The state of an agent. Only `setState` in startDaemon changes it. */
type DaemonState =
  | { readonly name: 'running' }
  | { readonly name: 'draining' }
  | { readonly name: 'stopped'; readonly done: Promise<void> };

/**
 * Starts an agent. Throws IdentityError, PrivateFileError or DirectoryLockError for the identity directory, and the error of
 * listening on local.listen. Nothing keeps running in that case.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config: first, environment, lookup, clock = systemClock } = options;
  // Teardowns run in reverse order when a later stage fails and when the agent stops.
  await using starting = new AsyncDisposableStack();
  let state: DaemonState = { name: 'running' };
  const setState = (next: DaemonState) => {
    state = next;
  };
  const inForce: InForce = { config: first };
  const config = () => inForce.config;
  const { name, pool } = first;
  const stopping = new AbortController();
  const failure = Promise.withResolvers<Error>();
  const restart = Promise.withResolvers<void>();

  // These stages open nothing.
  const metrics = createAgentMetrics();
  const link = new GatewayLink();
  const targets = new Targets(first, lookup);
  const diagnostics = openDiagnostics({
    config: first,
    targets,
    environment,
    keys: () => [keeper.current?.key, keeper.candidate?.key].filter((key) => key !== undefined),
    log: options.log,
    clock,
    restart: () => {
      log('restart-requested');
      restart.resolve();
    },
  });
  const { log } = diagnostics;
  const shared = { config, environment, metrics, link, targets, diagnostics, log, clock };
  const checks = new ConnectorChecks(shared);
  const pinWatch = watchPin(() => ({ version: config().version, digest: config().digest }), log);
  const unlocked = (detail: string) => log('identity-not-locked', { detail });
  starting.use(await lockIdentity(first.identity.directory, unlocked));
  const identity = await openAgentIdentity({
    ...shared,
    clockOffset: () => link.clockOffset,
    onFailed: (detail) => link.failed(detail),
    onStaged: () => sessions.replaceOne('a renewed identity waits'),
    onPromoted: ({ serial }) => sessions.replaceOthers(serial, 'a renewed identity is in force'),
  });
  const { keeper } = identity;

  // From here on, each stage adds its teardown.
  const hostHealth = startHostHealth(starting, first.health, log);
  const { upgrades, start: startUpgrades } = createUpgrades({
    ...shared,
    keeper,
    checks,
    sessions: () => sessions,
  });
  const sessions = createSessions({ ...shared, keeper, checks, pinWatch, hostHealth, upgrades });
  metrics.observe({
    sessions: () => ({ ready: sessions.ready, wanted: sessions.wanted }),
    replicas: () => sessions.replicas,
    streams: () => sessions.streams,
    adrift: () => sessions.adrift,
    identityNotAfter: () => keeper.current?.notAfter,
  });
  const status = () => agentStatus({ name, pool, config, keeper, pinWatch, link, sessions, checks });
  const local = await startLocalServer(first.local.listen, {
    readiness: () => agentReadiness({ link, pinWatch }),
    status,
    comparePinned: async () =>
      compareWithPin(config(), await gatewayFacts((request) => identity.request(request, stopping.signal))),
    registry: metrics.registry,
  });
  starting.defer(() => local.close());
  starting.use(await announceRunning(first.identity.directory, local.address));
  log('agent-started', { agent: name, pool, version: SOFTWARE_VERSION, config: status().config });
  log('local-listening', { address: local.address.address, port: local.address.port });

  starting.defer(startUpgrades());
  starting.defer(() => sessions.stop());
  const connecting = identity.start().then(
    (isReady) => isReady && sessions.start(),
    (error: unknown) => failure.resolve(error instanceof Error ? error : new Error(errorText(error))),
  );
  starting.defer(async () => void (await connecting));
  checks.apply(first);
  starting.defer(() => checks.stop());
  starting.defer(() => diagnostics.stop());
  starting.defer(() => identity.stop());
  const onSlept = () => {
    log('host-slept');
    sessions.wake();
  };
  starting.defer(watchSleep(onSlept, clock));
  starting.defer(() => stopping.abort(new Error('The agent stops.')));

  const running = starting.move();
  const stop = async () => {
    if (state.name === 'stopped') return state.done;
    const done = running.disposeAsync().then(() => log('agent-stopped'));
    setState({ name: 'stopped', done });
    return done;
  };
  return {
    local: local.address,
    failed: failure.promise,
    restartRequested: restart.promise,
    log,
    status,
    apply(next) {
      if (state.name !== 'running') return;
      const parts = { inForce, targets, diagnostics, checks, pinWatch, hostHealth, keeper, sessions };
      for (const change of changesFor(next, parts)) change.commit();
    },
    async drain() {
      if (state.name !== 'running') return;
      setState({ name: 'draining' });
      link.readiness.drain();
      log('agent-draining', { streams: sessions.streams.open });
      identity.stop();
      await Promise.race([sessions.drain(), aborted(stopping.signal)]);
      await stop();
    },
    stop,
  };
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  return promise;
}
