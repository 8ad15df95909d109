import type { SpliceEnd } from '@penstock/transport';
import { type CloseCode, closeCodes } from '@penstock/wire';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Current values, read when the metrics are collected. */
export type AgentGauges = {
  sessions(): { readonly ready: number; readonly wanted: number };
  streams(): { readonly open: number; readonly opening: number };
  identityNotAfter(): number | undefined;
};

export type AgentMetrics = {
  readonly registry: Registry;
  observe(gauges: AgentGauges): void;
  openSucceeded(seconds: number): void;
  openFailed(code: CloseCode): void;
  streamEnded(end: SpliceEnd): void;
  sessionEnded(): void;
};

/** Creates the agent's Prometheus metrics. docs/metrics.md has a row for each. */
export function createAgentMetrics(): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const opens = new Counter({
    name: 'penstock_agent_opens_total',
    help: 'Opens by outcome: ok or a close code.',
    labelNames: ['outcome'],
    registers,
  });
  const dialSeconds = new Histogram({
    name: 'penstock_agent_dial_seconds',
    help: 'Time from an open until its target answered.',
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const bytes = new Counter({
    name: 'penstock_agent_bytes_total',
    help: 'Bytes of data streams that have ended, by direction.',
    labelNames: ['direction'],
    registers,
  });
  const ends = new Counter({
    name: 'penstock_agent_streams_ended_total',
    help: 'Data streams that have ended, by outcome: ok or a close code.',
    labelNames: ['outcome'],
    registers,
  });
  const sessionsEnded = new Counter({
    name: 'penstock_agent_sessions_ended_total',
    help: 'Sessions to the gateway that have ended.',
    registers,
  });
  for (const outcome of ['ok', ...Object.keys(closeCodes)]) opens.inc({ outcome }, 0);
  return {
    registry,
    observe: (gauges) => observeGauges(registry, gauges),
    openSucceeded(seconds) {
      opens.inc({ outcome: 'ok' });
      dialSeconds.observe(seconds);
    },
    openFailed: (outcome) => opens.inc({ outcome }),
    streamEnded(end) {
      ends.inc({ outcome: end.code ?? 'ok' });
      bytes.inc({ direction: 'from_target' }, end.bytesFromSocket);
      bytes.inc({ direction: 'to_target' }, end.bytesToSocket);
    },
    sessionEnded: () => sessionsEnded.inc(),
  };
}

function observeGauges(registry: Registry, gauges: AgentGauges): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge(
    'penstock_agent_sessions_ready',
    'Sessions that the gateway has welcomed.',
    () => gauges.sessions().ready,
  );
  gauge(
    'penstock_agent_sessions_wanted',
    'Sessions that the configuration requires.',
    () => gauges.sessions().wanted,
  );
  gauge('penstock_agent_streams_open', 'Live data streams.', () => gauges.streams().open);
  gauge('penstock_agent_streams_opening', 'Opens in progress.', () => gauges.streams().opening);
  gauge(
    'penstock_agent_identity_not_after_timestamp_seconds',
    'Expiry of the identity in seconds since 1970, or 0 without an identity.',
    () => (gauges.identityNotAfter() ?? 0) / 1000,
  );
}
