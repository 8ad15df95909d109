import type { IdleAgentsHandlers } from '../load/idle-agents.ts';
import { asking } from '../process/ask.ts';
import { here, startNode } from '../process/child.ts';
import type { RunningRoute } from '../routes/route.ts';
import type { Cell } from './cell.ts';
import { residentOf } from './resident.ts';

const COUNT = 1000;
/** Held before the first reading, for the reason told in held-memory. */
const ALREADY_HELD = 200;
/** Agents are simulated in two processes, so that their half of the handshakes is no queue of one. */
const PROCESSES = 2;
const AT_ONCE = 16;

const AGENTS = new URL('../load/idle-agents.ts', import.meta.url);

/** How fast 1,000 agents connect, each with its own certificate, and what their idle sessions cost the gateway. */
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
    const agents = await Promise.all(Array.from({ length: PROCESSES }, () => startAgents()));
    try {
      await enrollAll(agents, route);
      const each = (count: number) => ({ count: count / PROCESSES, atOnce: AT_ONCE });
      await all(agents, (ask) => ask('connect', each(ALREADY_HELD)));
      const before = (await residentOf(route.processes)).get('gateway') ?? 0;
      const began = performance.now();
      await all(agents, (ask) => ask('connect', each(ALREADY_HELD + COUNT)));
      const seconds = (performance.now() - began) / 1000;
      const held = (await residentOf(route.processes)).get('gateway') ?? 0;
      return new Map([
        ['sessions/memory', (held - before) / COUNT],
        ['sessions/handshakes', COUNT / seconds],
      ]);
    } finally {
      await Promise.all(agents.map(({ stop }) => stop()));
    }
  },
};

async function startAgents() {
  const child = await startNode(AGENTS, here);
  return { ask: asking<IdleAgentsHandlers>(child, 'the simulated agents'), stop: child.stop };
}

type Agents = Awaited<ReturnType<typeof startAgents>>;

function all(agents: readonly Agents[], work: (ask: Agents['ask']) => Promise<null>) {
  return Promise.all(agents.map(({ ask }) => work(ask)));
}

async function enrollAll(agents: readonly Agents[], { enrollment }: RunningRoute): Promise<void> {
  if (enrollment === undefined) throw new Error('This route has no agents to enroll.');
  const some = await enrollment(ALREADY_HELD + COUNT);
  const count = (ALREADY_HELD + COUNT) / PROCESSES;
  await Promise.all(
    agents.map(({ ask }, index) => ask('enroll', { enrollment: some, prefix: `idle-${index}`, count })),
  );
}
