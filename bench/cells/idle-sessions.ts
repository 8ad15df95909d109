import type { Cell } from './cell.ts';
import { residentOf } from './resident.ts';
import { simulatedAgents } from './simulated-agents.ts';

const COUNT = 1000;
/** Sessions opened before the first reading, for the reason given in held-memory. */
const ALREADY_HELD = 200;
const AT_ONCE = 16;

/** How fast 1,000 agents with their own certificates connect, and the memory of their idle sessions at the gateway. */
export const idleSessionsCell: Cell = {
  group: 'sessions',
  title: 'idle agent sessions',
  metrics: [
    {
      id: 'sessions/memory',
      table: 'idle agent session',
      title: 'gateway memory',
      unit: 'KiB',
      digits: 1,
      shown: 'full',
    },
    {
      id: 'sessions/handshakes',
      table: 'agent sessions opened',
      title: 'mutual TLS, hello',
      unit: '1/s',
      digits: 0,
      shown: 'full',
    },
  ],
  routes: ['penstock'],
  fresh: true,
  async measure(_load, route) {
    await using agents = await simulatedAgents(route, ALREADY_HELD + COUNT);
    await agents.connect({ count: ALREADY_HELD, atOnce: AT_ONCE });
    const before = (await residentOf(route.processes)).get('gateway') ?? 0;
    const began = performance.now();
    await agents.connect({ count: ALREADY_HELD + COUNT, atOnce: AT_ONCE });
    const seconds = (performance.now() - began) / 1000;
    const held = (await residentOf(route.processes)).get('gateway') ?? 0;
    return new Map([
      ['sessions/memory', (held - before) / COUNT],
      ['sessions/handshakes', COUNT / seconds],
    ]);
  },
};
