import { pause } from '../process/deadline.ts';
import { quantile } from '../report/statistics.ts';
import type { RunningRoute } from '../routes/route.ts';
import type { Cell } from './cell.ts';
import { simulatedAgents } from './simulated-agents.ts';

const COUNT = 1000;
const AT_ONCE = 16;
/** Milliseconds. With 1,000 agents, this is as many heartbeats per second as 15,000 agents send by default (15 s). */
const HEARTBEAT = 1000;
const LISTINGS = 20;

/** Delay of the gateway's event loop with 1,000 agents that send heartbeats, and the time to list them. */
export const fleetCell: Cell = {
  group: 'fleet',
  title: 'a fleet of 1,000 agents',
  metrics: [
    {
      id: 'fleet/loop-delay',
      table: 'fleet of 1,000 agents, one heartbeat per second each',
      title: 'gateway event-loop delay p99',
      unit: 'ms',
      digits: 1,
      shown: 'full',
    },
    {
      id: 'fleet/listing',
      table: 'fleet of 1,000 agents, one heartbeat per second each',
      title: 'a page of 500 agents, p95',
      unit: 'ms',
      digits: 1,
      shown: 'full',
    },
  ],
  routes: ['penstock'],
  fresh: true,
  async measure(_load, route, { warmUp, window }) {
    const gateway = route.processes.find(({ role }) => role === 'gateway');
    await using agents = await simulatedAgents(route, COUNT);
    await agents.connect({ count: COUNT, atOnce: AT_ONCE, heartbeat: HEARTBEAT });
    await pause(warmUp);
    await gateway?.delay?.();
    await pause(window);
    const delay = (await gateway?.delay?.()) ?? 0;
    return new Map([
      ['fleet/loop-delay', delay],
      ['fleet/listing', await listingTime(route)],
    ]);
  },
};

/** Returns the milliseconds for a full page: the second-slowest of twenty. */
async function listingTime({ api }: RunningRoute): Promise<number> {
  if (api === undefined) throw new Error('This route has no API.');
  const times: number[] = [];
  for (let count = 0; count < LISTINGS; count += 1) {
    const began = performance.now();
    const response = await fetch(`${api.url}/api/v1/agents?limit=500`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    const { items } = (await response.json()) as { items?: readonly unknown[] };
    if (items?.length !== 500)
      throw new Error(`The response to a page of 500 agents was ${response.status}.`);
    times.push(performance.now() - began);
  }
  return quantile(times, 0.95);
}
