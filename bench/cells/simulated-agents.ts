import type { Connecting, IdleAgentsHandlers } from '../load/idle-agents.ts';
import { type Ask, asking } from '../process/ask.ts';
import { here, startNode } from '../process/child.ts';
import type { RunningRoute } from '../routes/route.ts';

/** Agents are simulated in two processes, so their half of the handshakes is not serialized. */
const PROCESSES = 2;

const AGENTS = new URL('../load/idle-agents.ts', import.meta.url);

export type SimulatedAgents = AsyncDisposable & {
  /** Raises the number of open sessions to `count`. Resolves when all are welcomed. */
  connect(connecting: Connecting): Promise<void>;
};

/** Enrolls this many agents without connecting them, each with its own key and certificate. */
export async function simulatedAgents({ enrollment }: RunningRoute, count: number): Promise<SimulatedAgents> {
  if (enrollment === undefined) throw new Error('This route has no agents to enroll.');
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => startNode(AGENTS, here)));
  const asks = children.map((child) => asking<IdleAgentsHandlers>(child, 'the simulated agents'));
  const all = (work: (ask: Ask<IdleAgentsHandlers>, index: number) => Promise<null>) =>
    Promise.all(asks.map(work));
  const stop = async () => {
    await Promise.all(children.map((child) => child.stop()));
  };
  try {
    const some = await enrollment(count);
    await all((ask, index) =>
      ask('enroll', { enrollment: some, prefix: `idle-${index}`, count: count / PROCESSES }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async connect(connecting) {
      await all((ask) => ask('connect', { ...connecting, count: connecting.count / PROCESSES }));
    },
    [Symbol.asyncDispose]: stop,
  };
}
