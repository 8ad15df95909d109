import { routeNames } from '../routes/route.ts';
import type { Cell } from './cell.ts';

const CLIENTS = 16;
const CUTS = 3;
const CUT_INTERVAL = 2_000;

/** 16 clients that send queries while the link between both ends is cut: how many queries each cut costs. */
export const cutCell: Cell = {
  group: 'cut',
  title: 'queries while the link is cut every 2 s',
  metrics: [
    {
      id: 'cut/lost',
      table: 'cut every 2 s, queries',
      title: 'lost per cut',
      unit: '',
      digits: 1,
      shown: 'full',
    },
    {
      id: 'cut/answered',
      table: 'cut every 2 s, queries',
      title: 'answered per second',
      unit: '',
      digits: 0,
      shown: 'full',
    },
  ],
  // A node-h2 does not connect again.
  routes: routeNames.filter((name) => name !== 'direct' && name !== 'node-h2'),
  fresh: true,
  hasCutLink: true,
  async measure({ client }, { address, cut }) {
    const window = CUT_INTERVAL * CUTS;
    const queries = client.ask('queries', { address, clients: CLIENTS, window });
    const cutting = setInterval(() => cut?.(), CUT_INTERVAL);
    // The first cut is in the middle of the window, like the others.
    const first = setTimeout(() => cut?.(), CUT_INTERVAL / 2);
    try {
      const { answered, lost } = await queries;
      return new Map([
        ['cut/lost', lost / CUTS],
        ['cut/answered', (answered / window) * 1000],
      ]);
    } finally {
      clearTimeout(first);
      clearInterval(cutting);
    }
  },
};
