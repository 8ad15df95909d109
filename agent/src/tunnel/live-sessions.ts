import { type AgentMessage, TunnelError } from '@penstock/wire';
import type { GatewaySession } from './session.ts';

/** What is kept of a session besides itself. */
export type SessionOrigin = {
  /** Which of the parallel sessions it is. */
  readonly slot: number;
  /** Serial of the certificate it was made with. */
  readonly serial: string;
};

/** The part of a session that keeping many needs. */
export type Keepable = Pick<
  GatewaySession,
  'state' | 'streams' | 'closed' | 'send' | 'makeOutgoing' | 'retire' | 'suspect' | 'end'
>;

/**
 * Sessions that may retire at the same time. A client's connection can outlive several renewals of the identity, and
 * nothing is cut for a renewal; but a session costs memory on both ends, so the oldest go when these are reached.
 */
const MOST_RETIRING = 12;

/** All sessions that the gateway has welcomed, until their connections have closed; the oldest first. */
export class LiveSessions {
  readonly #drainTimeout: () => number;
  readonly #sessions = new Map<Keepable, SessionOrigin>();
  /** Retiring sessions that have a deadline. */
  readonly #hurried = new WeakSet<Keepable>();

  constructor(drainTimeout: () => number) {
    this.#drainTimeout = drainTimeout;
  }

  get ready(): number {
    return [...this.#in('ready')].length;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    let open = 0;
    let opening = 0;
    for (const { streams } of this.#sessions.keys()) {
      open += streams.open;
      opening += streams.opening;
    }
    return { open, opening };
  }

  /** Takes a session in until its connection has closed. What it succeeds retires. */
  add(session: Keepable, origin: SessionOrigin): void {
    for (const [older, { slot }] of this.#sessions) {
      if (slot === origin.slot && older.state !== 'retiring') older.retire('its successor is ready');
    }
    this.#sessions.set(session, origin);
    void session.closed.then(() => this.#sessions.delete(session));
    this.#hasten(this.#unhurried.length - MOST_RETIRING);
  }

  announce(message: AgentMessage): void {
    for (const session of this.#sessions.keys()) session.send(message);
  }

  /** Wants a successor for one session, so that it carries what has changed. */
  replaceOne(reason: string): void {
    const [first] = this.#in('ready');
    first?.makeOutgoing(reason);
  }

  /** Wants a successor for all, or for all that were not made with the certificate `serial`. */
  replaceAll(reason: string, serial?: string): void {
    for (const [session, origin] of this.#sessions)
      if (origin.serial !== serial) session.makeOutgoing(reason);
  }

  /** Retires the sessions of all slots from this one on. */
  retireFrom(slot: number, reason: string): void {
    for (const [session, origin] of this.#sessions) {
      if (origin.slot >= slot && session.state !== 'retiring') session.retire(reason);
    }
  }

  /** The gateway has no room for another session: the oldest retiring one gets a deadline. */
  makeRoom(): void {
    this.#hasten(1);
  }

  /** This host slept. */
  suspectAll(): void {
    for (const session of this.#sessions.keys()) session.suspect();
  }

  /** Retires all, with the drain deadline, and comes back when the last connection has closed. */
  async drain(): Promise<void> {
    const closed = [...this.#sessions.keys()].map((session) => session.closed);
    for (const session of this.#sessions.keys()) session.retire('the agent drains', this.#drainTimeout());
    await Promise.all(closed);
  }

  /** Ends all at once, and comes back when the last connection has closed. */
  async stop(): Promise<void> {
    const sessions = [...this.#sessions.keys()];
    for (const session of sessions) session.end(new TunnelError('AGENT_DRAINING', 'The agent stops.'));
    await Promise.all(sessions.map(({ closed }) => closed));
  }

  get #unhurried(): Keepable[] {
    return [...this.#in('retiring')].filter((session) => !this.#hurried.has(session));
  }

  #hasten(count: number): void {
    for (const session of this.#unhurried.slice(0, Math.max(0, count))) {
      this.#hurried.add(session);
      session.retire('too many sessions retire', this.#drainTimeout());
    }
  }

  *#in(state: Keepable['state']): Generator<Keepable> {
    for (const session of this.#sessions.keys()) if (session.state === state) yield session;
  }
}
