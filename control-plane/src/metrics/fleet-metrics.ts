import {
  isFinal,
  type RolloutAgentState,
  type RolloutState,
  rolloutAgentStates,
  rolloutStates,
} from '@penstock/rollouts';
import { Counter, Gauge, type Registry } from 'prom-client';
import { MAX_AGENTS_WITH_SERIES } from './agent-series.ts';

/** Facts of the fleet and its alerts, read at each scrape. */
export type FleetGauges = {
  /** Agents that are listed. */
  agents(): number;
  pools(): readonly {
    readonly pool: string;
    readonly ready: number;
    readonly minReady: number;
    readonly queueLimit: number;
    readonly states: Readonly<Record<string, number>>;
  }[];
  readonly version: string;
  certificateNotAfter(): number;
  /** Firing alerts by condition; conditions of gateway.yaml without a firing alert are 0. */
  alertsFiring(): ReadonlyMap<string, number>;
  /** The state of each rollout that has not ended, and of their agents. */
  rollouts(): readonly RolloutState[];
  rolloutAgents(): readonly RolloutAgentState[];
  rolloutsHalted(): number;
  restartsExhausted(): number;
  receivers(): Iterable<{
    readonly receiver: string;
    readonly delivered: number;
    readonly failed: number;
    readonly abandoned: number;
    readonly pending: number;
  }>;
};

const P = 'penstock_gateway';

/**
 * Registers the metrics of the fleet and of alerts; those of single agents are in agent-series.ts. docs/metrics.md has a row
 * for each.
 */
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
  observeAlerts(registry, gauges, gauge);
  gauge('rollouts', 'Rollouts that have not ended, by state.', ['state'], (self) => {
    for (const state of rolloutStates) if (!isFinal(state)) self.set({ state }, 0);
    for (const state of gauges.rollouts()) self.inc({ state });
  });
  gauge('rollout_agents', 'Agents of rollouts that have not ended, by state.', ['state'], (self) => {
    for (const state of rolloutAgentStates) self.set({ state }, 0);
    for (const state of gauges.rolloutAgents()) self.inc({ state });
  });
  gauge(
    'rollouts_halted',
    'Rollouts that were halted and have not gone on, or went back within the last hour.',
    [],
    (self) => self.set(gauges.rolloutsHalted()),
  );
  gauge(
    'restarts_exhausted',
    'Agents that still have the condition of their restart policy after all restarts that it allows.',
    [],
    (self) => self.set(gauges.restartsExhausted()),
  );
  gauge(
    'agents_without_series',
    `Agents after the first ${MAX_AGENTS_WITH_SERIES} by name, which have no series of their own.`,
    [],
    (self) => self.set(Math.max(0, gauges.agents() - MAX_AGENTS_WITH_SERIES)),
  );
  gauge('info', 'Always 1; the label is the software version of this gateway.', ['version'], (self) =>
    self.set({ version: gauges.version }, 1),
  );
  gauge(
    'certificate_not_after_timestamp_seconds',
    'Expiry of the certificate of the tunnel port, in seconds since 1970.',
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
  gauge('pool_ready_agents', 'Agents that accept new opens.', ['pool'], (self) => {
    for (const { pool, ready } of gauges.pools()) self.set({ pool }, ready);
  });
  gauge('pool_min_ready_agents', 'Agents that must be ready: minReady of the pool.', ['pool'], (self) => {
    for (const { pool, minReady } of gauges.pools()) self.set({ pool }, minReady);
  });
  gauge('queue_limit', 'Clients that may wait for an agent at the same time.', ['pool'], (self) => {
    for (const { pool, queueLimit } of gauges.pools()) self.set({ pool }, queueLimit);
  });
}

function observeAlerts(registry: Registry, gauges: FleetGauges, gauge: MakeGauge): void {
  gauge('alerts_firing', 'Firing alerts by condition of gateway.yaml.', ['condition'], (self) => {
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
    help: 'Messages to receivers: delivered, failed attempts, and abandoned messages.',
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
