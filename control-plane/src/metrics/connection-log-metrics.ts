import { Counter, Gauge, type Registry } from 'prom-client';

/** Registers the metrics of the connection log. docs/metrics.md has a row for each. */
export function observeConnectionLog(
  registry: Registry,
  log: { readonly dropped: number; readonly pending: number },
): void {
  new Counter({
    name: 'penstock_gateway_connection_log_dropped_total',
    help: 'Entries of the connection log that were dropped because the store did not take them in time.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(log.dropped);
    },
  });
  new Gauge({
    name: 'penstock_gateway_connection_log_pending',
    help: 'Entries of the connection log in memory that wait to be written.',
    registers: [registry],
    collect() {
      this.set(log.pending);
    },
  });
}
