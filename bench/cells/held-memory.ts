import { settledKib } from '../process/settle.ts';
import { type RouteProcess, routeNames } from '../routes/route.ts';
import type { Cell, Metric } from './cell.ts';

const COUNT = 1000;
/** Opened and closed before, so that code that is loaded on first use is not counted. */
const WARM_UP = 50;

const metric = (role: 'gateway' | 'agent'): Metric => ({
  id: `memory/${role}`,
  table: 'memory a held connection',
  title: role,
  unit: 'KiB',
  digits: 1,
  brief: false,
});

/** What the resident memory of each end grows by, a connection, when it holds 1,000 that have carried a byte. */
export const heldMemoryCell: Cell = {
  group: 'memory',
  title: 'memory a held connection',
  metrics: [metric('gateway'), metric('agent')],
  routes: routeNames.filter((name) => name !== 'direct'),
  fresh: true,
  async measure({ client }, { address, processes }) {
    await client.ask('hold', { address, count: WARM_UP });
    await client.ask('release', null);
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

async function residentOf(processes: readonly RouteProcess[]): Promise<Map<string, number>> {
  const kib = new Map<string, number>();
  for (const { role, pids, settle } of processes) {
    await settle();
    for (const pid of await pids()) kib.set(role, (kib.get(role) ?? 0) + (await settledKib(pid)));
  }
  return kib;
}
