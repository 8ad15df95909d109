import type { Load } from '../load/load.ts';
import { type IngressName, ingressNames, type RunningRoute } from '../routes/route.ts';
import type { Cell, Metric, Timing } from './cell.ts';
import { WAKE_MS } from './connections.ts';

const WORKERS = 32;

/**
 * The cost of each kind of ingress to a client: connections per second, 32 concurrently, and the round trip of 64
 * bytes. The target itself is beside those whose clients could connect to it directly.
 */
export const ingressCells: readonly Cell[] = ingressNames.map((name) => {
  const metric = (id: string, table: string, unit: string): Metric => ({
    id: `ingress/${name}/${id}`,
    table,
    title: name,
    unit,
    digits: 0,
    shown: 'full',
  });
  return {
    group: 'ingress',
    title: `ingress, ${name}`,
    metrics: [
      metric('connections', 'new connections by ingress', '1/s'),
      metric('latency', 'round trip by ingress, 64 B, p50', 'µs'),
    ],
    routes: ['direct', 'penstock'],
    fresh: false,
    measure: (load, route, timing) => measure(name, load, route, timing),
  };
});

async function measure(name: IngressName, load: Load, { ingress }: RunningRoute, timing: Timing) {
  const address = ingress?.[name];
  if (address === undefined) return new Map<string, number>();
  const { warmUp, window } = timing;
  const connecting = { address, workers: WORKERS, warmUp: Math.max(warmUp, WAKE_MS), window };
  const rate = await load.client.ask('connectRate', connecting);
  const { p50 } = await load.client.ask('roundTrips', { address, connections: 1, ...timing });
  return new Map([
    [`ingress/${name}/connections`, rate],
    [`ingress/${name}/latency`, p50],
  ]);
}
