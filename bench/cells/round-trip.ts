import { routeNames } from '../routes/route.ts';
import type { Cell, Metric } from './cell.ts';

/** 64 bytes to the target and back. With 64 connections, each waits only for its own reply. */
export const roundTripCells: readonly Cell[] = [1, 64].map((connections) => {
  const id = `latency/${connections}`;
  const title = `${connections} ${connections === 1 ? 'connection' : 'connections'}`;
  const metric = (share: 'p50' | 'p99' | 'p99.9'): Metric => ({
    id: `${id}/${share}`,
    table: 'round trip, 64 B',
    title: `${title}, ${share}`,
    unit: 'µs',
    digits: 0,
    shown: 'full',
  });
  return {
    group: 'latency',
    title: `round trip, ${title}`,
    metrics: [metric('p50'), metric('p99'), metric('p99.9')],
    routes: routeNames,
    fresh: false,
    async measure(load, route, timing) {
      const { p50, p99, p999 } = await load.client.ask('roundTrips', {
        address: route.address,
        connections,
        ...timing,
      });
      return new Map([
        [`${id}/p50`, p50],
        [`${id}/p99`, p99],
        [`${id}/p99.9`, p999],
      ]);
    },
  };
});
