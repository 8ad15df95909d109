import { routeNames } from '../routes/route.ts';
import type { Cell } from './cell.ts';

const WORKERS = 32;
/**
 * Milliseconds until a program is compiled, which takes some ten thousand connections, and until one that was quiet while other routes
 * were measured is at full speed again.
 */
const COMPILE_MS = 8_000;
export const WAKE_MS = 3_000;

/**
 * Connections per second that are opened, used for one byte in each direction, and closed; 32 concurrently. It is what a busy gateway
 * sustains, for each route after the same time.
 */
export const connectionsCell: Cell = {
  group: 'connections',
  title: 'new connections',
  metrics: [
    {
      id: 'connections',
      table: 'new connections',
      title: '1 byte in each direction',
      unit: '1/s',
      digits: 0,
      shown: 'full',
    },
  ],
  routes: routeNames,
  fresh: false,
  rehearsal: () => COMPILE_MS,
  async measure(load, route, { warmUp, window }) {
    const rate = await load.client.ask('connectRate', {
      address: route.address,
      workers: WORKERS,
      warmUp: Math.max(warmUp, WAKE_MS),
      window,
    });
    return new Map([['connections', rate]]);
  },
};
