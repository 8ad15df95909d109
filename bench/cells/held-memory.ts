import { routeNames } from '../routes/route.ts';
import type { Cell, Metric } from './cell.ts';
import { residentOf } from './resident.ts';

const COUNT = 1000;
/**
 * Held before the first reading: a process that has just started has garbage collected but not given back, and
 * the first connections would seem to cost nothing because they live there.
 */
const ALREADY_HELD = 500;

const metric = (role: 'gateway' | 'agent'): Metric => ({
  id: `memory/${role}`,
  table: 'held connection',
  title: role,
  unit: 'KiB',
  digits: 1,
  shown: 'full',
});

/** What the resident memory of each end grows by, a connection, when it holds 1,000 more, each of which has carried a byte. */
export const heldMemoryCell: Cell = {
  group: 'memory',
  title: 'memory a held connection',
  metrics: [metric('gateway'), metric('agent')],
  routes: routeNames.filter((name) => name !== 'direct'),
  fresh: true,
  async measure({ client }, { address, processes }) {
    await client.ask('hold', { address, count: ALREADY_HELD });
    const before = await residentOf(processes);
    await client.ask('hold', { address, count: COUNT });
    const held = await residentOf(processes);
    await client.ask('release', null);
    return new Map(
      processes.map(({ role }) => [
        `memory/${role}`,
        ((held.get(role) ?? 0) - (before.get(role) ?? 0)) / COUNT,
      ]),
    );
  },
};
