import { routeNames } from '../routes/route.ts';
import type { Cell } from './cell.ts';

const WORKERS = 32;

/** Connections per second that are opened, used for one byte in each direction, and closed; 32 concurrently. */
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
  async measure(load, route, timing) {
    const rate = await load.client.ask('connectRate', {
      address: route.address,
      workers: WORKERS,
      ...timing,
    });
    return new Map([['connections', rate]]);
  },
};
