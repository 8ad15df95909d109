import { type Enrollment, enrollAgent, type Identity } from '../load/agent-identity.ts';
import { openIdleSession } from '../load/idle-session.ts';
import type { Gateway } from '../load/tunnel-connection.ts';
import { answerWith } from '../process/ask.ts';
import { pause } from '../process/deadline.ts';

/**
 * Runs in its own process: many agents with one session each. When it is lost, an agent connects to the next replica, as a load
 * balancer would send it there.
 */
export type RoamingAgentsHandlers = {
  /** Enrolls `count` more, and connects them to the replicas in turn. */
  start: (argument: {
    enrollment: Enrollment;
    prefix: string;
    count: number;
    gateways: readonly Gateway[];
  }) => Promise<null>;
  connected: (argument: null) => number;
  /** Resolves to the date at which the agent, which is about to be revoked, lost its session. It does not come back. */
  revoked: (argument: { name: string }) => Promise<number>;
};

const AT_ONCE = 8;
const HEARTBEAT_MS = 15_000;
/** Upper bounds of the pauses between attempts, with full jitter: the defaults of an agent's tunnel.reconnect, but for the last. */
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 10_000;

/**
 * Connections that are being opened at a time. All agents of this process answering in one turn of its event loop would reach a
 * gateway in one turn of that one's, which agents on hosts of their own do not.
 */
const MAX_OPENING = 32;

let open = 0;
let opening = 0;
const waiting: (() => void)[] = [];
const watched = new Map<string, (date: number) => void>();

answerWith({
  async start({ enrollment, prefix, count, gateways }) {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`).entries();
    const worker = async () => {
      for (const [index, name] of names) {
        const identity = await enrollAgent(enrollment, name);
        const first = Promise.withResolvers<void>();
        void roam(identity, gateways, index, first.resolve);
        await first.promise;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return null;
  },
  connected: () => open,
  revoked({ name }) {
    const { promise, resolve } = Promise.withResolvers<number>();
    watched.set(name, resolve);
    return promise;
  },
} satisfies RoamingAgentsHandlers);

async function inTurn<Result>(connect: () => Promise<Result>): Promise<Result> {
  if (opening >= MAX_OPENING) await new Promise<void>((resolve) => waiting.push(resolve));
  else opening += 1;
  try {
    return await connect();
  } finally {
    const next = waiting.shift();
    if (next === undefined) opening -= 1;
    else next();
  }
}

/** Keeps a session open, at one replica after the other. */
async function roam(
  identity: Identity,
  gateways: readonly Gateway[],
  first: number,
  onConnected: () => void,
): Promise<void> {
  let backoff = MIN_BACKOFF_MS;
  for (let turn = first; ; turn += 1) {
    const gateway = gateways[turn % gateways.length] ?? identity.gateway;
    try {
      const { closed } = await inTurn(() => openIdleSession({ ...identity, gateway }, HEARTBEAT_MS));
      open += 1;
      backoff = MIN_BACKOFF_MS;
      onConnected();
      await closed;
      open -= 1;
    } catch {
      backoff = Math.min(MAX_BACKOFF_MS, 2 * backoff);
    }
    const onRevoked = watched.get(identity.name);
    if (onRevoked !== undefined) {
      onRevoked(Date.now());
      return;
    }
    await pause(Math.random() * backoff);
  }
}
