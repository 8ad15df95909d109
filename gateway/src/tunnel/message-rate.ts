import { type Clock, TokenBucket } from '@penstock/runtime';
import type { AgentMessage } from '@penstock/wire';

/** Unsolicited messages an agent may send in a burst. Frequent reloads and heartbeats need only a few of them. */
const BURST = 200;
const MESSAGES_PER_SECOND = 50;

/**
 * Limits the unsolicited messages of an agent on one session: reading and judging each of them costs CPU time.
 * `tryTake` returns false for a message that exceeds the limit.
 */
export function messageRate(clock: Pick<Clock, 'now'>): TokenBucket {
  return new TokenBucket({ capacity: BURST, refillPerSecond: MESSAGES_PER_SECOND, clock });
}

/** Answers, such as acknowledgments: at most one for each turn of an honest agent's event loop, of many connections. */
const ANSWER_BURST = 10_000;
const ANSWERS_PER_SECOND = 5_000;
/** Acknowledged connections that cost as much as a message. */
const CONNECTIONS_PER_TOKEN = 16;

/** The same for messages that the gateway has asked for. Their number is not checked against what it asked for. */
export function answerRate(clock: Pick<Clock, 'now'>): TokenBucket {
  return new TokenBucket({ capacity: ANSWER_BURST, refillPerSecond: ANSWERS_PER_SECOND, clock });
}

/** Tokens that a message takes. */
export const costOf = (message: AgentMessage): number =>
  message.type === 'received'
    ? Math.max(1, Math.ceil(message.connections.length / CONNECTIONS_PER_TOKEN))
    : 1;
