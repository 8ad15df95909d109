import { observeProcess } from '@penstock/observe';
import type { SpliceEnd } from '@penstock/transport';
import { type CloseCode, closeCodes, type DenialReason } from '@penstock/wire';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Current values, read at each scrape. */
export type GatewayGauges = {
  /** By pool: agents with a ready session, ready sessions, and clients in the queue. */
  pools(): Iterable<{
    readonly pool: string;
    readonly agents: number;
    readonly sessions: number;
    readonly waiting: number;
  }>;
  streams(): { readonly open: number; readonly opening: number };
  /** By connection: open clients, and the bytes of all its clients since it was added, those of open ones included. */
  clients(): Iterable<{
    readonly connection: string;
    readonly open: number;
    readonly bytesFromClients: number;
    readonly bytesToClients: number;
  }>;
  /** Clients that were denied, by reason; without a connection where it is not known. */
  denied(): Iterable<{
    readonly connection: string | undefined;
    readonly reason: DenialReason;
    readonly count: number;
  }>;
  /** The replicas as this one sees them. None for a gateway that is alone. */
  replicas(): Iterable<{
    readonly name: string;
    readonly sessions: number;
    readonly loadPercent?: number;
  }>;
  /** Sessions that were asked to go to another replica. */
  sentAway(): number;
  tunnelConnections(): number;
  /** Connections on the tunnel port that were closed immediately since the gateway started. */
  tunnelRefused(): number;
};

export type GatewayMetrics = {
  readonly registry: Registry;
  observe(gauges: GatewayGauges): void;
  opened(connection: string, seconds: number, attempts: number): void;
  failed(connection: string, code: CloseCode): void;
  ended(connection: string, end: Pick<SpliceEnd, 'code'>): void;
  /** Drops the series of all other connections, after they were removed from the configuration. */
  keepOnly(connections: ReadonlySet<string>): void;
  /** Adds to the number of connections without a session. */
  adrift(change: 1 | -1): void;
  /** A connection has another session, or has ended for want of one. */
  resumed(outcome: 'ok' | CloseCode): void;
};

/** Creates the gateway's Prometheus metrics. docs/metrics.md has a row for each. */
export function createGatewayMetrics(): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  observeProcess(registry);
  const opens = new Counter({
    name: 'penstock_gateway_opens_total',
    help: 'Client connections by outcome of the open: ok, or failed with a close code.',
    labelNames: ['connection', 'outcome', 'code'],
    registers,
  });
  const openSeconds = new Histogram({
    name: 'penstock_gateway_open_seconds',
    help: 'Time until a client is connected to its target, including queueing and failover.',
    labelNames: ['connection'],
    buckets: [0.002, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const retries = new Counter({
    name: 'penstock_gateway_open_retries_total',
    help: 'Opens that were retried through another session.',
    registers,
  });
  const ends = new Counter({
    name: 'penstock_gateway_connections_ended_total',
    help: 'Closed client connections by outcome: ok, or failed with a close code.',
    labelNames: ['connection', 'outcome', 'code'],
    registers,
  });
  const known = new Set<string>();
  const adrift = new Gauge({
    name: 'penstock_gateway_connections_adrift',
    help: 'Client connections that have lost their session and wait for another one.',
    registers,
  });
  const resumes = new Counter({
    name: 'penstock_gateway_resumes_total',
    help: 'Client connections that lost or left their session, by outcome: ok when another one carries them, or the close code.',
    labelNames: ['outcome'],
    registers,
  });
  return {
    registry,
    adrift: (change) => adrift.inc(change),
    resumed: (outcome) => resumes.inc({ outcome }),
    observe: (gauges) => observeGauges(registry, gauges),
    opened(connection, seconds, attempts) {
      known.add(connection);
      opens.inc({ connection, ...outcomeOf(undefined) });
      openSeconds.observe({ connection }, seconds);
      if (attempts > 1) retries.inc(attempts - 1);
    },
    failed(connection, code) {
      known.add(connection);
      opens.inc({ connection, ...outcomeOf(code) });
    },
    ended(connection, { code }) {
      known.add(connection);
      ends.inc({ connection, ...outcomeOf(code) });
    },
    keepOnly(connections) {
      for (const connection of known) {
        if (connections.has(connection)) continue;
        known.delete(connection);
        openSeconds.remove({ connection });
        for (const code of [undefined, ...everyCloseCode]) {
          opens.remove({ connection, ...outcomeOf(code) });
          ends.remove({ connection, ...outcomeOf(code) });
        }
      }
    },
  };
}

const everyCloseCode = Object.keys(closeCodes) as readonly CloseCode[];

/** The labels of an open or an end: the code is empty when it succeeded. */
const outcomeOf = (code: CloseCode | undefined) =>
  code === undefined ? { outcome: 'ok', code: '' } : { outcome: 'failed', code };

function observeGauges(registry: Registry, gauges: GatewayGauges): void {
  new Counter({
    name: 'penstock_gateway_tunnel_refused_total',
    help: 'Connections on the tunnel port that were closed immediately: too many from one address, or too many without an identity.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(gauges.tunnelRefused());
    },
  });
  new Counter({
    name: 'penstock_gateway_bytes_total',
    help: 'Bytes of client connections, by direction. Those of open connections are counted at each scrape.',
    labelNames: ['connection', 'direction'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { connection, bytesFromClients, bytesToClients } of gauges.clients()) {
        this.inc({ connection, direction: 'from_client' }, bytesFromClients);
        this.inc({ connection, direction: 'to_client' }, bytesToClients);
      }
    },
  });
  new Counter({
    name: 'penstock_gateway_clients_denied_total',
    help: 'Clients that were denied, by reason. The connection is empty where a shared ingress does not know it.',
    labelNames: ['connection', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { connection = '', reason, count } of gauges.denied())
        this.inc({ connection, reason }, count);
    },
  });
  new Counter({
    name: 'penstock_gateway_sessions_sent_away_total',
    help: 'Sessions that this replica has asked to go to another one, because it has more than its share.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(gauges.sentAway());
    },
  });
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this);
      },
    });
  gauge('penstock_gateway_agents', 'Agents with a ready session.', ['pool'], (self) => {
    for (const { pool, agents } of gauges.pools()) self.set({ pool }, agents);
  });
  gauge('penstock_gateway_sessions', 'Ready sessions.', ['pool'], (self) => {
    for (const { pool, sessions } of gauges.pools()) self.set({ pool }, sessions);
  });
  gauge('penstock_gateway_queue_depth', 'Clients waiting for an agent.', ['pool'], (self) => {
    for (const { pool, waiting } of gauges.pools()) self.set({ pool }, waiting);
  });
  gauge('penstock_gateway_clients', 'Open client connections.', ['connection'], (self) => {
    for (const { connection, open } of gauges.clients()) self.set({ connection }, open);
  });
  gauge('penstock_gateway_streams_open', 'Open data streams.', [], (self) => self.set(gauges.streams().open));
  gauge('penstock_gateway_streams_opening', 'Opens in progress.', [], (self) =>
    self.set(gauges.streams().opening),
  );
  gauge(
    'penstock_gateway_replica_sessions',
    'Ready sessions of each replica, as this one knows them.',
    ['replica'],
    (self) => {
      for (const { name, sessions } of gauges.replicas()) self.set({ replica: name }, sessions);
    },
  );
  gauge(
    'penstock_gateway_replica_load_ratio',
    'Sessions of each running replica divided by their mean.',
    ['replica'],
    (self) => {
      for (const { name, loadPercent } of gauges.replicas())
        if (loadPercent !== undefined) self.set({ replica: name }, loadPercent / 100);
    },
  );
  gauge('penstock_gateway_tunnel_connections', 'Connections on the tunnel port, in any state.', [], (self) =>
    self.set(gauges.tunnelConnections()),
  );
}
