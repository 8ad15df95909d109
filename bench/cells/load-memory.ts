import { pause } from '../process/deadline.ts';
import { residentKib } from '../process/usage.ts';
import { type RouteProcess, routeNames } from '../routes/route.ts';
import type { Cell, Metric } from './cell.ts';

const HELD = 1000;
const BULK_STREAMS = 16;
/** Milliseconds that a new route has to finish its start, to give up the memory of it, and to do once what it does when idle. */
const START = 20_000;
/** Milliseconds after the bulk until it is read: what it needed is given back soon after its end. */
const AFTER_BULK = 1_000;
/** Milliseconds after the load in which memory has to return. */
const QUIET = 30_000;
const QUIET_STEP = 1_000;
/** A quiet route that has returned to this share of its idle memory is not observed longer. */
const RETURNED = 1.05;

const metric = (id: string, title: string): Metric => ({
  id: `load-memory/${id}`,
  table: 'memory, both ends',
  title,
  unit: 'MiB',
  digits: 0,
  shown: 'full',
});

/** Resident memory of both ends as the system sees it, without a requested garbage collection. */
export const loadMemoryCell: Cell = {
  group: 'load-memory',
  title: 'memory after load',
  metrics: [
    metric('idle', 'idle'),
    metric('bulk', 'after bulk'),
    metric('held', `${HELD} held`),
    metric('quiet', 'later'),
    { ...metric('returned', 'later, of idle'), table: 'memory after load', unit: '', digits: 2 },
  ],
  routes: routeNames.filter((name) => name !== 'direct'),
  fresh: true,
  async measure({ client }, { address, processes }, { warmUp, window }) {
    await pause(START);
    const idle = await mebibytes(processes);
    for (const direction of ['up', 'down'] as const) {
      await client.ask('startTransfer', { address, direction, streams: BULK_STREAMS });
      await pause(warmUp + window);
      await client.ask('finishTransfer', null);
    }
    await pause(AFTER_BULK);
    const bulk = await mebibytes(processes);
    await client.ask('hold', { address, count: HELD });
    const held = await mebibytes(processes);
    await client.ask('release', null);
    let quiet = await mebibytes(processes);
    for (let waited = 0; waited < QUIET && quiet > idle * RETURNED; waited += QUIET_STEP) {
      await pause(QUIET_STEP);
      quiet = await mebibytes(processes);
    }
    const figures = { idle, bulk, held, quiet, returned: quiet / idle };
    return new Map(Object.entries(figures).map(([id, value]) => [`load-memory/${id}`, value]));
  },
};

async function mebibytes(processes: readonly RouteProcess[]): Promise<number> {
  let kib = 0;
  for (const { pids } of processes) for (const pid of await pids()) kib += await residentKib(pid);
  return kib / 1024;
}
