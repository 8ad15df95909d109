import { randomUUID } from 'node:crypto';
import { release } from 'node:os';
import type { AgentConfig } from '@penstock/config-schema';
import { measureLoopDelay } from '@penstock/observe';
import { type Clock, systemClock } from '@penstock/runtime';
import { WindowBudget } from '@penstock/transport';
import { errorText, PROTOCOL_VERSION, ProblemError, SOFTWARE_VERSION } from '@penstock/wire';
import { compareWithPin } from './diagnostics/compare-pinned.ts';
import { openDiagnostics } from './diagnostics/diagnostics.ts';
import { gatewayFacts } from './diagnostics/gateway-facts.ts';
import { held } from './health/held.ts';
import { Readiness } from './health/readiness.ts';
import { type Sampler, startSampler } from './health/sample.ts';
import { watchSleep } from './health/sleep-watch.ts';
import { IdentityKeeper } from './identity/identity-keeper.ts';
import { openKeyStore } from './identity/key-store.ts';
import { type LocalServer, startLocalServer } from './local/server.ts';
import type { AgentStatus } from './local/status.ts';
import type { AgentLog } from './observe/event.ts';
import { createAgentMetrics } from './observe/metrics.ts';
import { watchPin } from './policy/watch-pin.ts';
import { ConnectorChecks } from './target/checks/connector-checks.ts';
import { heartbeatChecks } from './target/checks/heartbeat-checks.ts';
import type { Lookup } from './target/lookup.ts';
import { Targets } from './target/targets.ts';
import { toldConnectors } from './target/told-connectors.ts';
import type { GatewayTarget } from './tunnel/dial-gateway.ts';
import { type PlainRequest, plainRequest } from './tunnel/plain-request.ts';
import { post } from './tunnel/post.ts';
import type { Environment } from './tunnel/proxy.ts';
import { SessionSlots } from './tunnel/session-slots.ts';

export type DaemonOptions = {
  readonly config: AgentConfig;
  readonly environment: Environment;
  readonly log: AgentLog;
  /** Resolves target names; the host's resolver when left out. */
  readonly lookup?: Lookup;
  /** Tells the agent the time, when this host slept and when to renew; the system's when left out. */
  readonly clock?: Clock;
};

/** A running agent. */
export type Daemon = {
  /** Where /healthz, /readyz, /metrics and /status answer. */
  readonly local: LocalServer['address'];
  status(): AgentStatus;
  /** Logs, and keeps what it logs for the control plane to read. */
  readonly log: AgentLog;
  /** Puts a configuration in force; open connections stay. */
  apply(config: AgentConfig): void;
  /** Announces itself, lets live connections finish until the drain deadline, and ends. */
  drain(): Promise<void>;
  /** Ends at once. */
  stop(): Promise<void>;
  /** Settles when the agent has ended by itself, with the reason: it cannot get an identity. */
  readonly failed: Promise<Error>;
  /** Settles when the control plane wants the agent to start anew. The caller drains it and ends with that exit code. */
  readonly restartAsked: Promise<void>;
};

/** Starts an agent. Throws IdentityError for the identity directory and what listening on local.listen throws. */
export async function startDaemon({
  config: first,
  environment,
  log: output,
  lookup,
  clock = systemClock,
}: DaemonOptions): Promise<Daemon> {
  let config = first;
  let clockOffset = 0;
  let lastFailure: AgentStatus['lastFailure'];
  // What the identity is for: a new name or pool takes a new start.
  const { name, pool } = first;
  const bootId = randomUUID();
  const metrics = createAgentMetrics();
  const readiness = new Readiness();
  const loopDelay = measureLoopDelay();
  const eventLoop = held(() => loopDelay.take(), 1_000);
  const targets = new Targets(config, lookup);
  const restart = Promise.withResolvers<void>();
  const diagnostics = openDiagnostics({
    config,
    targets,
    environment,
    keys: () => [keeper.current?.key, keeper.candidate?.key].filter((key) => key !== undefined),
    log: output,
    clock,
    restart: () => {
      log('restart-requested');
      restart.resolve();
    },
  });
  const { log } = diagnostics;
  const checks = new ConnectorChecks({ targets, log, clock });
  const stopping = new AbortController();
  /** Ends the requests for an identity: a drain does not wait for them. */
  const asking = new AbortController();
  const failure = Promise.withResolvers<Error>();

  const gateway = (): GatewayTarget => config.gateway;
  const keeper = await IdentityKeeper.open({
    keyStore: await openKeyStore(config.identity.directory),
    name,
    pool,
    enrollmentToken: () => config.identity.enrollmentToken,
    enrollmentTokenMissing: () => config.identity.enrollmentTokenMissing,
    post: (identity) => (path, body) =>
      post(
        gateway(),
        {
          environment,
          signal: asking.signal,
          identity: identity && { key: identity.key.reveal(), certificate: identity.certificate },
        },
        path,
        body,
      ),
    log,
    clock,
    clockOffset: () => clockOffset,
    backoff: () => config.tunnel.reconnect,
    onStaged: () => slots.replaceOne('a renewed identity waits'),
    onPromoted: ({ serial }) => slots.replaceOthers(serial, 'a renewed identity is in force'),
  });

  const askGateway = (request: PlainRequest) => {
    const identity = keeper.current;
    if (identity === undefined) throw new ProblemError('IDENTITY_REQUIRED');
    const { certificate, key } = identity;
    const options = { environment, signal: stopping.signal, identity: { key: key.reveal(), certificate } };
    return plainRequest(gateway(), options, request);
  };

  const connectors = () => toldConnectors(config.connectors);
  const stamp = () => ({ version: config.version, digest: config.digest });
  const pinWatch = watchPin(stamp, log);
  const slots = new SessionSlots({
    config: () => config,
    gateway,
    environment,
    keeper,
    targets,
    windows: new WindowBudget(config.tunnel.memoryBudget),
    log,
    metrics,
    clock,
    refusal: () => pinWatch.refusal(),
    hello: (index) => ({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      agent: { name, version: SOFTWARE_VERSION },
      bootId,
      platform: {
        os: `${process.platform} ${release()}`.slice(0, 64),
        arch: process.arch,
        node: process.versions.node,
      },
      config: stamp(),
      connectors: connectors(),
      session: { index, wanted: config.gateway.sessions },
    }),
    heartbeatFacts: () => ({
      ...sampler.latest(),
      eventLoop: eventLoop(),
      streams: slots.streams,
      identity: { notAfter: keeper.current?.notAfter ?? 0 },
      checks: heartbeatChecks(checks.found),
    }),
    onAcknowledged: (interval, reading) => {
      readiness.acknowledged(interval);
      if (reading !== undefined) clockOffset = reading.offset;
    },
    onFailed: (error) => {
      lastFailure = { at: new Date().toISOString(), message: errorText(error) };
    },
    onMessage: (message, session) => {
      if (message.type === 'request') diagnostics.answer(message, (result) => session.answer(result));
      if (message.type === 'welcome' || message.type === 'pin') pinWatch.learn(message);
    },
  });
  metrics.observe({
    sessions: () => ({ ready: slots.ready, wanted: config.gateway.sessions }),
    streams: () => slots.streams,
    identityNotAfter: () => keeper.current?.notAfter,
  });

  const status = (): AgentStatus => ({
    name,
    pool,
    agentId: keeper.current?.agentId,
    version: SOFTWARE_VERSION,
    config: stamp(),
    ...pinWatch.status(),
    gateway: config.gateway.url,
    ...readiness.report(),
    sessions: { wanted: config.gateway.sessions, ready: slots.ready },
    streams: slots.streams,
    identityNotAfter: keeper.current && new Date(keeper.current.notAfter).toISOString(),
    clockOffset: readiness.report().ready ? Math.round(clockOffset) : undefined,
    lastFailure,
    connectors: config.connectors.map(({ name, kind, address }) => ({
      name,
      kind,
      address: `${address.host}:${address.port}`,
      check: checks.of(name),
    })),
  });
  const local = await startLocalServer(config.local.listen, {
    readiness: () => readiness.report(),
    status,
    comparePinned: async () => compareWithPin(config, await gatewayFacts(askGateway)),
    registry: metrics.registry,
  });
  let sampler: Sampler = sampleHost(config, log);
  log('agent-started', { name, pool, version: SOFTWARE_VERSION, config: stamp() });
  log('local-listening', { address: local.address.address, port: local.address.port });

  checks.apply(config);
  const running = keeper.ensure(asking.signal).then(
    () => {
      if (asking.signal.aborted) return;
      keeper.start();
      slots.start();
    },
    (error: unknown) => failure.resolve(error instanceof Error ? error : new Error(errorText(error))),
  );

  const stopSleepWatch = watchSleep(() => {
    log('host-slept');
    slots.wake();
  }, clock);

  const stopKeeper = () => {
    keeper.stop();
    asking.abort(new Error('The agent stops.'));
  };
  let stopped: Promise<void> | undefined;
  const end = async () => {
    stopping.abort(new Error('The agent stops.'));
    stopSleepWatch();
    stopKeeper();
    sampler.stop();
    loopDelay.stop();
    diagnostics.stop();
    await checks.stop();
    await running;
    await slots.stop();
    await local.close();
    log('agent-stopped');
  };
  const stop = () => {
    stopped ??= end();
    return stopped;
  };
  return {
    local: local.address,
    failed: failure.promise,
    restartAsked: restart.promise,
    log,
    status,
    apply(next) {
      const before = config;
      config = next;
      targets.apply(next);
      diagnostics.apply(next);
      checks.apply(next);
      pinWatch.changed();
      sampler.stop();
      sampler = sampleHost(next, log);
      keeper.hurry();
      slots.apply(before);
      slots.announce({ type: 'config', config: stamp(), connectors: connectors() });
    },
    async drain() {
      readiness.drain();
      log('agent-draining', { streams: slots.streams.open });
      stopKeeper();
      await Promise.race([slots.drain(), stoppedEarly(stopping.signal)]);
      await stop();
    },
    stop,
  };
}

/** Settles when the agent is stopped while it drains: nothing is waited for any longer. */
function stoppedEarly(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  return promise;
}

const sampleHost = (config: AgentConfig, log: AgentLog): Sampler =>
  startSampler({
    sample: config.health.sample,
    interval: config.health.interval,
    onFailed: (error) => log('sample-failed', { detail: errorText(error) }),
  });
