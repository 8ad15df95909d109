import { Counter, Gauge, type Registry } from 'prom-client';

/** One agent as the metrics have it. Times are milliseconds since 1970, spans milliseconds; undefined is not known. */
export type AgentGauges = {
  readonly agent: string;
  readonly pool: string;
  readonly state: string;
  readonly version: string | undefined;
  readonly outdated: boolean;
  readonly lastHeartbeat: number | undefined;
  readonly skew: number | undefined;
  readonly identityNotAfter: number | undefined;
  readonly drifted: boolean;
  readonly cloned: boolean;
  readonly failing: readonly string[];
};

/** Facts of the fleet, read when the metrics are asked for: each several times in one turn of the event loop. */
export type FleetGauges = {
  /** By name. */
  agents(): readonly AgentGauges[];
  pools(): readonly {
    readonly pool: string;
    readonly ready: number;
    readonly minReady: number;
    readonly queueLimit: number;
    readonly states: Readonly<Record<string, number>>;
  }[];
  readonly version: string;
  certificateNotAfter(): number;
  /** How many alerts fire, by condition; those of gateway.yaml that do not fire as well. */
  alertsFiring(): ReadonlyMap<string, number>;
  receivers(): Iterable<{
    readonly receiver: string;
    readonly delivered: number;
    readonly failed: number;
    readonly abandoned: number;
    readonly pending: number;
  }>;
};

/** Agents that have series of their own: Prometheus must not drown in a fleet that is larger. */
export const AGENTS_WITH_SERIES = 5_000;

const P = 'penstock_gateway';

/** Registers the metrics of the fleet and of alerts. docs/metrics.md has a row for each. */
export function observeFleet(registry: Registry, gauges: FleetGauges): void {
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void) =>
    new Gauge({
      name: `${P}_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this);
      },
    });
  observePools(gauges, gauge);
  observeAgents(gauges, gauge);
  observeAlerts(registry, gauges, gauge);
  gauge('info', 'Always 1; its label says which software this gateway runs.', ['version'], (self) =>
    self.set({ version: gauges.version }, 1),
  );
  gauge(
    'certificate_not_after_timestamp_seconds',
    'End of the certificate of the tunnel port, as seconds since 1970.',
    [],
    (self) => self.set(gauges.certificateNotAfter() / 1000),
  );
}

type MakeGauge = (name: string, help: string, labels: string[], collect: (gauge: Gauge) => void) => Gauge;

function observePools(gauges: FleetGauges, gauge: MakeGauge): void {
  gauge('pool_agents', 'Agents that have enrolled, by state.', ['pool', 'state'], (self) => {
    for (const { pool, states } of gauges.pools()) {
      for (const [state, count] of Object.entries(states)) self.set({ pool, state }, count);
    }
  });
  gauge('pool_ready_agents', 'Agents that take new opens.', ['pool'], (self) => {
    for (const { pool, ready } of gauges.pools()) self.set({ pool }, ready);
  });
  gauge('pool_min_ready_agents', 'Agents that must be ready: minReady of the pool.', ['pool'], (self) => {
    for (const { pool, minReady } of gauges.pools()) self.set({ pool }, minReady);
  });
  gauge('queue_limit', 'Clients that may wait for an agent at once.', ['pool'], (self) => {
    for (const { pool, queueLimit } of gauges.pools()) self.set({ pool }, queueLimit);
  });
}

function observeAgents(gauges: FleetGauges, gauge: MakeGauge): void {
  const each = (
    name: string,
    help: string,
    labels: string[],
    read: (
      agent: AgentGauges,
    ) => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>,
  ) =>
    gauge(`agent_${name}`, help, ['pool', 'agent', ...labels], (self) => {
      for (const agent of gauges.agents().slice(0, AGENTS_WITH_SERIES)) {
        for (const [more, value] of read(agent)) {
          self.set({ pool: agent.pool, agent: agent.agent, ...more }, value);
        }
      }
    });
  const seconds = (milliseconds: number | undefined) =>
    milliseconds === undefined ? [] : [[{}, milliseconds / 1000] as const];
  each('state', 'Always 1; its label says the state of the agent.', ['state'], ({ state }) => [
    [{ state }, 1],
  ]);
  each(
    'software_info',
    'Always 1; its label says which software the agent runs.',
    ['version'],
    ({ version }) => (version === undefined ? [] : [[{ version }, 1]]),
  );
  each('outdated', '1 while the agent runs older software than this gateway.', [], ({ outdated }) => [
    [{}, Number(outdated)],
  ]);
  each(
    'last_heartbeat_timestamp_seconds',
    'Last heartbeat of the agent, as seconds since 1970.',
    [],
    ({ lastHeartbeat }) => seconds(lastHeartbeat),
  );
  each('clock_skew_seconds', "Seconds the agent's clock is ahead of the gateway's.", [], ({ skew }) =>
    seconds(skew),
  );
  each(
    'identity_not_after_timestamp_seconds',
    'End of the identity of the agent, as seconds since 1970.',
    [],
    ({ identityNotAfter }) => seconds(identityNotAfter),
  );
  each('drifted', "1 while the agent's file is not the pinned one.", [], ({ drifted }) => [
    [{}, Number(drifted)],
  ]);
  each('cloned', '1 while two processes use the identity of the agent.', [], ({ cloned }) => [
    [{}, Number(cloned)],
  ]);
  each(
    'connector_failing',
    '1 for each connector whose check does not reach its target.',
    ['connector'],
    ({ failing }) => failing.map((connector) => [{ connector }, 1] as const),
  );
  gauge(
    'agents_without_series',
    `Agents beyond the first ${AGENTS_WITH_SERIES} by name: they have no series of their own.`,
    [],
    (self) => self.set(Math.max(0, gauges.agents().length - AGENTS_WITH_SERIES)),
  );
}

function observeAlerts(registry: Registry, gauges: FleetGauges, gauge: MakeGauge): void {
  gauge('alerts_firing', 'Alerts that fire, by condition of gateway.yaml.', ['condition'], (self) => {
    for (const [condition, count] of gauges.alertsFiring()) self.set({ condition }, count);
  });
  gauge(
    'alert_notifications_pending',
    'Notifications that a receiver has not accepted yet.',
    ['receiver'],
    (self) => {
      for (const { receiver, pending } of gauges.receivers()) self.set({ receiver }, pending);
    },
  );
  new Counter({
    name: `${P}_alert_messages_total`,
    help: 'Messages to receivers of alerts: delivered, attempts that failed, and messages that were abandoned.',
    labelNames: ['receiver', 'outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { receiver, delivered, failed, abandoned } of gauges.receivers()) {
        this.inc({ receiver, outcome: 'delivered' }, delivered);
        this.inc({ receiver, outcome: 'failed' }, failed);
        this.inc({ receiver, outcome: 'abandoned' }, abandoned);
      }
    },
  });
}
