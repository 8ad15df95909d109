import { routeNames } from '../routes/route.ts';
import type { Cell, Metric } from './cell.ts';
import { residentOf } from './resident.ts';

const COUNT = 1000;
/**
 * Connections opened before the first reading: a new process has freed memory that it has not returned to the system,
 * and the first connections would seem to cost nothing because they use it.
 */
const ALREADY_HELD = 500;

const metric = (role: 'gateway' | 'agent'): Metric => ({
  id: `memory/${role}`,
  table: 'open connection',
  title: role,
  unit: 'KiB',
  digits: 1,
  shown: 'full',
});

/**
 * Growth of the resident memory of each end, per connection, with 1,000 additional open connections that have each
 * carried a byte.
 */
export const heldMemoryCell: Cell = {
  group: 'memory',
  title: 'memory per open connection',
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
