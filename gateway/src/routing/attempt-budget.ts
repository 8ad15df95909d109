import type { CloseCode } from '@penstock/wire';
import type { RoutableSession } from './session-contract.ts';

/** Failures of one session that say nothing about its agent: an open can cross the notice that its session retires. */
const SESSION_FAILURES: ReadonlySet<CloseCode> = new Set(['SESSION_LOST', 'AGENT_DRAINING']);

/** Whether an open failed with its session, so that another session of the same agent may serve it. */
export const isSessionFailure = (code: CloseCode): boolean => SESSION_FAILURES.has(code);

/**
 * The opens of one dial, limited by `dial.maxAttempts`. One whose session ended before it was answered does not count: nobody
 * has refused anything, and on a link that fails often a few of them in a row are ordinary. Only the deadline of the dial
 * limits those. The same session is spared once, so an agent that turns opens away and keeps its session uses them up.
 */
export class AttemptBudget {
  readonly #max: number;
  readonly #spared = new Set<RoutableSession>();
  #started = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Opens so far, of every kind. */
  get started(): number {
    return this.#started;
  }

  get isSpent(): boolean {
    return this.#started - this.#spared.size >= this.#max;
  }

  /** Returns the number of the open, from 1. */
  start(): number {
    this.#started += 1;
    return this.#started;
  }

  failed(session: RoutableSession, code: CloseCode): void {
    if (isSessionFailure(code)) this.#spared.add(session);
  }
}
