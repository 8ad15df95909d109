import { answerWith } from '../process/ask.ts';
import { type Enrollment, enrollAgent, type Identity } from './agent-identity.ts';
import { openIdleSession } from './idle-session.ts';

/** Runs in its own process: many agents with idle sessions, each with its own key and certificate. */
export type IdleAgentsHandlers = {
  enroll: (argument: { enrollment: Enrollment; prefix: string; count: number }) => Promise<null>;
  /** Raises the number of open sessions to `count`, opening `atOnce` concurrently. Resolves when all are welcomed. */
  connect: (argument: Connecting) => Promise<null>;
};

export type Connecting = {
  readonly count: number;
  readonly atOnce: number;
  /** Milliseconds between the heartbeats of one agent; undefined: no heartbeats. */
  readonly heartbeat?: number;
};

const ENROLLED_AT_ONCE = 8;

const identities: Identity[] = [];
let connected = 0;

/** Runs `work` for each item with limited concurrency. */
async function forEach<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>) {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

answerWith({
  async enroll({ enrollment, prefix, count }) {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    await forEach(names, ENROLLED_AT_ONCE, async (name) => {
      identities.push(await enrollAgent(enrollment, name));
    });
    return null;
  },
  async connect({ count, atOnce, heartbeat }) {
    await forEach(identities.slice(connected, count), atOnce, async (identity) => {
      await openIdleSession(identity, heartbeat);
    });
    connected = count;
    return null;
  },
} satisfies IdleAgentsHandlers);
