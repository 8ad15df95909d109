import type { Load } from '../load/load.ts';
import { type RunningRoute, type WayName, wayNames } from '../routes/route.ts';
import type { Cell, Metric, Timing } from './cell.ts';

const WORKERS = 32;

/** What each way in costs a client: connections a second, 32 of them at a time, and the round trip of 64 bytes. */
export const wayInCells: readonly Cell[] = wayNames.map((way) => {
  const metric = (id: string, table: string, unit: string): Metric => ({
    id: `ingress/${way}/${id}`,
    table,
    title: way,
    unit,
    digits: 0,
    shown: 'full',
  });
  return {
    group: 'ingress',
    title: `way in, ${way}`,
    metrics: [
      metric('connections', 'new connections by way in', '1/s'),
      metric('latency', 'round trip by way in, 64 B, p50', 'µs'),
    ],
    routes: ['penstock'],
    fresh: false,
    measure: (load, route, timing) => measure(way, load, route, timing),
  };
});

async function measure(way: WayName, load: Load, { ways }: RunningRoute, timing: Timing) {
  if (ways === undefined) throw new Error('This route has no ways in.');
  const address = ways[way];
  const rate = await load.client.ask('connectRate', { address, workers: WORKERS, ...timing });
  const { p50 } = await load.client.ask('roundTrips', { address, connections: 1, ...timing });
  return new Map([
    [`ingress/${way}/connections`, rate],
    [`ingress/${way}/latency`, p50],
  ]);
}
