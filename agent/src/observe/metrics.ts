import { observeProcess } from '@penstock/observe';
import { BriefSet } from '@penstock/runtime';
import type { Splice, SpliceEnd } from '@penstock/transport';
import { type CloseCode, closeCodes } from '@penstock/wire';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Current values, read when the metrics are collected. */
export type AgentGauges = {
  sessions(): { readonly ready: number; readonly wanted: number };
  /** Undefined if the gateway has no replicas. */
  replicas(): { readonly reached: number; readonly wanted: number } | undefined;
  streams(): { readonly open: number; readonly opening: number };
  /** Connections that have lost their session. */
  adrift(): number;
  identityNotAfter(): number | undefined;
};

export type AgentMetrics = {
  readonly registry: Registry;
  observe(gauges: AgentGauges): void;
  /** Counts an open, and the bytes of its splice until that ends. */
  openSucceeded(seconds: number, splice: Pick<Splice, 'traffic' | 'done'>): void;
  openFailed(code: CloseCode): void;
  streamEnded(end: Pick<SpliceEnd, 'code'>): void;
  sessionEnded(): void;
};

/** Creates the agent's Prometheus metrics. docs/metrics.md has a row for each. */
export function createAgentMetrics(): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  observeProcess(registry);
  const live = new BriefSet<Pick<Splice, 'traffic'>>();
  const ended = { bytesFromSocket: 0, bytesToSocket: 0 };
  const opens = new Counter({
    name: 'penstock_agent_opens_total',
    help: 'Opens by outcome: ok, or failed with a close code.',
    labelNames: ['outcome', 'code'],
    registers,
  });
  const dialSeconds = new Histogram({
    name: 'penstock_agent_dial_seconds',
    help: 'Time from an open until its target answered.',
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  new Counter({
    name: 'penstock_agent_bytes_total',
    help: 'Bytes of data streams, by direction. Those of live streams are counted at each scrape.',
    labelNames: ['direction'],
    registers,
    collect() {
      let { bytesFromSocket, bytesToSocket } = ended;
      for (const splice of live) {
        const traffic = splice.traffic();
        bytesFromSocket += traffic.bytesFromSocket;
        bytesToSocket += traffic.bytesToSocket;
      }
      this.reset();
      this.inc({ direction: 'from_target' }, bytesFromSocket);
      this.inc({ direction: 'to_target' }, bytesToSocket);
    },
  });
  const ends = new Counter({
    name: 'penstock_agent_streams_ended_total',
    help: 'Data streams that have ended, by outcome: ok, or failed with a close code.',
    labelNames: ['outcome', 'code'],
    registers,
  });
  const sessionsEnded = new Counter({
    name: 'penstock_agent_sessions_ended_total',
    help: 'Sessions to the gateway that have ended.',
    registers,
  });
  for (const code of [undefined, ...everyCloseCode]) opens.inc(outcomeOf(code), 0);
  return {
    registry,
    observe: (gauges) => observeGauges(registry, gauges),
    openSucceeded(seconds, splice) {
      opens.inc(outcomeOf(undefined));
      dialSeconds.observe(seconds);
      const leave = live.add(splice);
      void splice.done.then((end) => {
        leave();
        ended.bytesFromSocket += end.bytesFromSocket;
        ended.bytesToSocket += end.bytesToSocket;
      });
    },
    openFailed: (code) => opens.inc(outcomeOf(code)),
    streamEnded: ({ code }) => ends.inc(outcomeOf(code)),
    sessionEnded: () => sessionsEnded.inc(),
  };
}

const everyCloseCode = Object.keys(closeCodes) as readonly CloseCode[];

/** The labels of an open or an end: the code is empty when it succeeded. */
const outcomeOf = (code: CloseCode | undefined) =>
  code === undefined ? { outcome: 'ok', code: '' } : { outcome: 'failed', code };

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
    'Sessions that the agent should have: those that the configuration requires, and those that it has added under load.',
    () => gauges.sessions().wanted,
  );
  gauge(
    'penstock_agent_replicas_reached',
    'Replicas of the gateway that have a session; 0 if it has no replicas.',
    () => gauges.replicas()?.reached ?? 0,
  );
  gauge(
    'penstock_agent_replicas_wanted',
    'Replicas of the gateway that could have a session; 0 if it has no replicas.',
    () => gauges.replicas()?.wanted ?? 0,
  );
  gauge('penstock_agent_streams_open', 'Live data streams.', () => gauges.streams().open);
  gauge('penstock_agent_streams_opening', 'Opens in progress.', () => gauges.streams().opening);
  gauge(
    'penstock_agent_connections_adrift',
    'Connections that have lost their session and are kept for another one.',
    () => gauges.adrift(),
  );
  gauge(
    'penstock_agent_identity_not_after_timestamp_seconds',
    'Expiry of the identity in seconds since 1970, or 0 without an identity.',
    () => (gauges.identityNotAfter() ?? 0) / 1000,
  );
}
