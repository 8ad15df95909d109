import { routeNames } from '../routes/route.ts';
import type { Cell, Metric } from './cell.ts';

/**
 * Milliseconds until a program is compiled. Threads that compile take the cores from the four that a round trip goes through: the p99.9 of one
 * connection was 1.2 to 1.4 of haproxy's after this time, and 1.1 to 2.6 after half a second.
 */
const COMPILE_MS = 5_000;

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
    rehearsal: () => COMPILE_MS,
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
