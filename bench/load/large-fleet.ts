import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGatewayConfig } from '@penstock/config-schema';
import { openConsole } from '@penstock/console';
import {
  attentionOf,
  createAdminToken,
  createApi,
  fleetActions,
  fleetGauges,
  metricsSource,
  observeFleet,
  openAlerts,
  openEvents,
  openFleet,
  soleLeadership,
} from '@penstock/control-plane';
import { createGatewayMetrics, type RegisteredSession, Registry } from '@penstock/gateway';
import { sizeYoungGeneration, systemClock, tuneGarbageCollection } from '@penstock/runtime';
import { createStore, type Store } from '@penstock/store';
import { answerWith } from '../process/ask.ts';
import { LongestTurn } from './longest-turn.ts';

/**
 * Runs in its own process: the control plane of a gateway with many agents. The store, the fleet, the alerts, the
 * metrics, and the API are real; the sessions of the agents are simulated and have no sockets.
 */
export type LargeFleetHandlers = {
  /** Stores `count` agents, starts the control plane, and connects all agents. */
  start: (argument: { count: number; console?: boolean }) => Promise<{ url: string; token: string }>;
  /** From now on, this many agents per second report that a connector fails or works again. */
  churn: (argument: { perSecond: number }) => null;
  /** Returns the longest turn of the event loop since the previous call, in milliseconds. */
  longestTurn: (argument: null) => number;
  stop: (argument: null) => Promise<null>;
};

const CONFIG = `
apiVersion: penstock/v1
kind: Gateway
version: 1
organization: bench
pools: [{name: dc1, pinning: enforce, minReady: 1}]
alerts:
${['agent-stale', 'clock-skew', 'identity-expiring', 'config-drift', 'identity-cloned', 'connector-failing']
  .map((condition) => `  - {condition: ${condition}, for: 1h, receivers: [nobody]}`)
  .join('\n')}
receivers: [{name: nobody, webhook: '\${env:NOBODY}'}]
`;

const HOUR = 3_600_000;
/** Milliseconds: the default of health.heartbeatInterval. */
const HEARTBEAT = 15_000;
/** Milliseconds between batches of heartbeats, which spreads them over many turns as in production. */
const BATCH = 10;
const MAX_BATCH = 20;
const ROWS = 500;

const turns = new LongestTurn();
let stop: () => Promise<void> = async () => {};
let churn: (perSecond: number) => void = () => {};

answerWith({
  async start({ count, console: isConsole = false }) {
    tuneGarbageCollection();
    await using starting = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'penstock-bench-'));
    starting.defer(() => rm(directory, { recursive: true, force: true }));
    const store = await createStore(directory);
    starting.defer(() => store.close());
    await enroll(store, count);
    const plane = await startControlPlane(store, starting, isConsole);
    churn = connectAll(count, plane.registry, starting);
    starting.defer(sizeYoungGeneration());
    turns.start();
    starting.defer(() => turns.stop());
    const running = starting.move();
    stop = () => running.disposeAsync();
    return { url: plane.url, token: plane.token };
  },
  longestTurn: () => turns.take(),
  churn({ perSecond }) {
    churn(perSecond);
    return null;
  },
  async stop() {
    await stop();
    return null;
  },
} satisfies LargeFleetHandlers);

const nameOf = (index: number) => `agent-${String(index).padStart(6, '0')}`;

async function enroll(store: Store, count: number): Promise<void> {
  const at = Date.now();
  for (let first = 0; first < count; first += ROWS) {
    await store.transaction(async ({ agents, identities }) => {
      for (let index = first; index < Math.min(count, first + ROWS); index += 1) {
        const id = `agt_${index}`;
        const fresh = { revokedAt: null, revokedReason: null, drainedAt: null };
        await agents.insert({ id, name: nameOf(index), pool: 'dc1', createdAt: at, ...fresh });
        const notAfter = at + 24 * HOUR;
        await identities.insert({
          serial: id,
          agentId: id,
          key: id,
          issuedAt: at,
          notAfter,
          revokedAt: null,
        });
      }
    });
  }
}

/** The composition of gateway.ts, without the data plane. */
async function startControlPlane(store: Store, starting: AsyncDisposableStack, isConsole: boolean) {
  const parsed = parseGatewayConfig(CONFIG, {
    environment: { NOBODY: 'http://127.0.0.1:9/' },
    readFile: () => '',
  });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join(' '));
  const { config } = parsed;
  const clock = systemClock;
  const log = () => {};
  const registry = new Registry({ sessionsPerAgent: config.tunnel.sessionsPerAgent });
  const fleet = await openFleet({
    store,
    sessions: registry,
    config: () => config,
    clock,
    certificate: () => '',
    waiting: () => 0,
    onRevoked: () => {},
    log,
  });
  starting.defer(() => fleet.stop());
  const events = openEvents(store, () => []);
  const shown = { ...fleet, certificateNotAfter: () => Date.now() + 24 * HOUR };
  const alerts = await openAlerts({
    store,
    clock,
    config: () => config,
    fleet: shown,
    reported: () => [],
    openOutcomes: () => [],
    events,
    leadership: soleLeadership,
    isWhole: () => true,
    changes: { on() {} },
    log,
  });
  starting.defer(() => alerts.stop());
  const metrics = createGatewayMetrics();
  observeFleet(
    metrics.registry,
    fleetGauges(shown, alerts, { open: [], alarms: [] }, { alarms: [] }, () => config),
  );
  const immediately = {
    action:
      (_name: string, run: (...parts: never[]) => Promise<unknown>) =>
      async (...parts: never[]) => ({ kind: 'done', value: await run(...parts) }),
  };
  const unused = {} as never;
  const webConsole = isConsole ? openConsole() : undefined;
  starting.defer(() => webConsole?.close());
  fleet.onChange(({ agent }) => {
    const { name, pool, state, code, since } = agent;
    events.publish('agent', { name, pool, state, code, since: new Date(since).toISOString() });
  });
  const api = await createApi({
    webConsole,
    store,
    tokens: unused,
    refusals: unused,
    revocation: unused,
    fleet,
    requests: unused,
    actions: fleetActions(fleet.steering, immediately as never, () => 'dc1'),
    connections: () => [],
    connectionLog: unused,
    history: unused,
    silences: unused,
    alertConfig: unused,
    clients: unused,
    explain: async () => undefined,
    sessions: (cursor, filter) => fleet.sessionsAfter(cursor, filter),
    gateway: () => ({
      config,
      startedAt: clock.wall(),
      tunnel: {
        address: '127.0.0.1',
        port: 8443,
        host: undefined,
        pins: [],
        certificateNotAfter: clock.wall(),
      },
    }),
    attention: attentionOf({
      fleet: shown,
      connections: () => [],
      openOutcomes: () => [],
      samples: { ofPool: () => undefined },
      health: () => config.health,
      firing: () => alerts.firing,
      readiness: () => ({ ready: true, reasons: [] }),
      outage: () => undefined,
      clock,
    }),
    readiness: () => ({ ready: true, reasons: [] }),
    metrics: metricsSource(metrics.registry, fleet, clock),
    events,
    approvals: { list: async () => [] } as never,
    alerts,
    grants: unused,
    names: {
      url: () => undefined,
      oidc: () => undefined,
      organization: () => 'bench',
      certificate: () => undefined,
      hostName: '',
    },
    rollouts: unused,
    report: ({ error }) => process.stderr.write(`${error}\n`),
  });
  starting.defer(() => api.close());
  await api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.server.address() as AddressInfo;
  const { token } = await createAdminToken(
    store,
    { name: 'bench', role: 'admin' },
    { id: 'host' },
    Date.now(),
  );
  return { registry, url: `http://127.0.0.1:${port}`, token };
}

/** Connects every agent and starts its heartbeats. Returns what sets how many of them change their state per second. */
function connectAll(
  count: number,
  registry: Registry,
  starting: AsyncDisposableStack,
): (perSecond: number) => void {
  const all = Array.from({ length: count }, (_, index) => simulatedSession(index));
  for (const session of all) {
    registry.admit(session);
    registry.opened(session);
  }
  let sent = 0;
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / HEARTBEAT) * count;
    // If other processes used the CPU meanwhile, the missed heartbeats are spread over several batches.
    for (const most = sent + MAX_BATCH; sent < Math.min(due, most); sent += 1) {
      const session = all[sent % count];
      if (session !== undefined) beat(session, sent, registry);
    }
  }, BATCH);
  starting.defer(() => clearInterval(timer));
  let perSecond = 0;
  let owed = 0;
  const failing = new Set<RegisteredSession>();
  const changing = setInterval(() => {
    owed = Math.min(owed + (perSecond * BATCH) / 1000, MAX_BATCH);
    for (; owed >= 1; owed -= 1) {
      const session = all[Math.floor(Math.random() * count)];
      if (session === undefined) continue;
      if (!failing.delete(session)) failing.add(session);
      beat(session, sent, registry, failing.has(session) ? 'refused' : 'ready');
    }
  }, BATCH);
  starting.defer(() => clearInterval(changing));
  return (next) => {
    perSecond = next;
  };
}

function beat(
  session: RegisteredSession,
  seq: number,
  registry: Registry,
  reach: 'ready' | 'refused' = 'ready',
): void {
  const at = Date.now();
  registry.heartbeat(session, {
    at,
    heartbeat: {
      type: 'heartbeat',
      seq,
      sentAt: at,
      cpu: { load: 0.2, process: 0.01 },
      memory: { totalBytes: 8e9, availableBytes: 4e9, processBytes: 9e7 },
      eventLoop: { p99Ms: 1, maxMs: 2 },
      streams: { open: 2, opening: 0 },
      identity: { notAfter: session.identity.notAfter },
      checks: [{ connector: 'orders-db', reach, at, milliseconds: 3 }],
      clock: { offset: 3, roundTrip: 2 },
    },
  });
}

/** The parts of a session that the control plane uses. */
function simulatedSession(index: number): RegisteredSession {
  const name = nameOf(index);
  const at = Date.now();
  return {
    state: 'ready',
    address: '192.0.2.1',
    openedAt: at,
    roundTrip: 12,
    identity: { agentId: `agt_${index}`, name, pool: 'dc1', serial: '00', notAfter: at + 24 * HOUR },
    streams: { open: 2, opening: 0 },
    load: 2,
    acceptsOpens: true,
    hello: {
      type: 'hello',
      protocol: 1,
      agent: { name, version: '0.1.0' },
      bootId: `boot-${index}`,
      platform: { os: 'linux 6.8', arch: 'x64', node: '26.10.0' },
      config: { version: 12, digest: 'sha256:0123456789abcdef' },
      connectors: [{ name: 'orders-db', kind: 'postgresql' }],
      session: { index: 0, wanted: 1 },
    },
    announce: (verdict: object) => void JSON.stringify(verdict),
  } as unknown as RegisteredSession;
}
