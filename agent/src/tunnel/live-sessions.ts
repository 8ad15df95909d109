import type { AgentMessage } from '@penstock/wire';
import type { LiveEpoch } from './carried-connections.ts';
import type { GatewaySession } from './session.ts';

export type SessionOrigin = {
  /** Which of the parallel sessions it is. */
  readonly index: number;
  /** Names the process of the gateway. */
  readonly epoch: string;
  /** Serial number of the certificate it was made with. */
  readonly serial: string;
};

/** The part of a session that LiveSessions uses. */
export type ManagedSession = Pick<
  GatewaySession,
  | 'state'
  | 'streams'
  | 'bytesMoved'
  | 'closed'
  | 'send'
  | 'requestSuccessor'
  | 'retire'
  | 'suspect'
  | 'leave'
  | 'mayStay'
  | 'stay'
>;

/**
 * Sessions that may retire without a deadline. A client's connection can outlive several renewals of the identity, and a
 * renewal cuts none. But each session costs memory on both ends, so beyond this number the oldest get a deadline.
 */
const MAX_RETIRING = 12;

/** All sessions that the gateway has welcomed, oldest first, until their connections have closed. */
export class LiveSessions<Session extends ManagedSession = GatewaySession> {
  readonly #drainTimeout: () => number;
  readonly #sessions = new Map<Session, SessionOrigin & { readonly since: number }>();
  /** Of the sessions that have closed. */
  #bytesMoved = 0;
  /** Retiring sessions that have a deadline. */
  readonly #withDeadline = new WeakSet<Session>();

  constructor(drainTimeout: () => number) {
    this.#drainTimeout = drainTimeout;
  }

  get ready(): number {
    return [...this.#in('ready')].length;
  }

  /** Whether sessions retire that still have connections. */
  get isRetiring(): boolean {
    for (const _ of this.#in('retiring')) return true;
    return false;
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

  /** By all sessions so far. */
  get bytesMoved(): number {
    let bytes = this.#bytesMoved;
    for (const session of this.#sessions.keys()) bytes += session.bytesMoved;
    return bytes;
  }

  /** Adds a session and retires the one that it replaces. It is removed when its connection has closed. */
  add(session: Session, origin: SessionOrigin): void {
    for (const [older, { index }] of this.#sessions) {
      if (index === origin.index && older.state !== 'retiring') older.retire('its successor is ready');
    }
    this.#sessions.set(session, { ...origin, since: performance.now() });
    void session.closed.then(() => {
      this.#bytesMoved += session.bytesMoved;
      this.#sessions.delete(session);
    });
    this.#setDeadlines(this.#withoutDeadline.length - MAX_RETIRING);
  }

  /** The processes of the gateway that the ready sessions lead to, by the index of the session, of those below `end`. */
  epochs(end: number): ReadonlyMap<number, string> {
    const epochs = new Map<number, string>();
    for (const [{ state }, { index, epoch }] of this.#sessions)
      if (state === 'ready' && index < end) epochs.set(index, epoch);
    return epochs;
  }

  /** The highest index of a ready session; -1 if there is none. */
  get lastReady(): number {
    let last = -1;
    for (const [{ state }, { index }] of this.#sessions) if (state === 'ready') last = Math.max(last, index);
    return last;
  }

  /** The processes of the gateway that the ready sessions lead to, and since when. */
  liveEpochs(): readonly LiveEpoch[] {
    const ready: LiveEpoch[] = [];
    for (const [{ state }, origin] of this.#sessions) if (state === 'ready') ready.push(origin);
    return ready;
  }

  /** The session at `index` that would go on if its successor led to no other replica, with the process that it leads to. */
  mayStay(index: number): { readonly session: Session; readonly epoch: string } | undefined {
    for (const [session, { index: its, epoch }] of this.#sessions)
      if (its === index && session.mayStay) return { session, epoch };
    return undefined;
  }

  /** Requests a successor for one of two sessions below `end` that lead to the same process of the gateway. */
  replaceDuplicate(end: number, reason: string): void {
    const seen = new Set<string>();
    for (const [session, { epoch, index }] of this.#sessions) {
      if (session.state !== 'ready' || index >= end) continue;
      if (seen.has(epoch)) {
        session.requestSuccessor(reason);
        return;
      }
      seen.add(epoch);
    }
  }

  announce(message: AgentMessage): void {
    for (const session of this.#sessions.keys()) session.send(message);
  }

  /** Sends a message on one session, or drops it if there is none. */
  sendOnOne(message: AgentMessage): void {
    const [ready] = this.#in('ready');
    const [any] = this.#sessions.keys();
    (ready ?? any)?.send(message);
  }

  /** Requests a successor for one session, which then uses what has changed. */
  replaceOne(reason: string): void {
    const [first] = this.#in('ready');
    first?.requestSuccessor(reason);
  }

  /** Requests a successor for every session, except those made with the certificate `serial` if it is given. */
  replaceAll(reason: string, serial?: string): void {
    for (const [session, origin] of this.#sessions)
      if (origin.serial !== serial) session.requestSuccessor(reason);
  }

  /** Retires the sessions with this index and above. */
  retireFrom(index: number, reason: string): void {
    for (const [session, origin] of this.#sessions) {
      if (origin.index >= index && session.state !== 'retiring') session.retire(reason);
    }
  }

  /** Gives the oldest retiring session a deadline. Call it when the gateway has no room for another session. */
  makeRoom(): void {
    this.#setDeadlines(1);
  }

  /** Call it when this host may have slept. */
  suspectAll(): void {
    for (const session of this.#sessions.keys()) session.suspect();
  }

  /** Retires every session with the drain timeout. Resolves when the last connection has closed. */
  async drain(): Promise<void> {
    const closed = [...this.#sessions.keys()].map((session) => session.closed);
    for (const session of this.#sessions.keys()) session.retire('the agent drains', this.#drainTimeout());
    await Promise.all(closed);
  }

  /** Ends every session immediately. Resolves when the last connection has closed. */
  async stop(): Promise<void> {
    const sessions = [...this.#sessions.keys()];
    for (const session of sessions) session.leave('The agent is stopping.');
    await Promise.all(sessions.map(({ closed }) => closed));
  }

  get #withoutDeadline(): Session[] {
    return [...this.#in('retiring')].filter((session) => !this.#withDeadline.has(session));
  }

  #setDeadlines(count: number): void {
    for (const session of this.#withoutDeadline.slice(0, Math.max(0, count))) {
      this.#withDeadline.add(session);
      session.retire('too many sessions retire', this.#drainTimeout());
    }
  }

  *#in(state: Session['state']): Generator<Session> {
    for (const session of this.#sessions.keys()) if (session.state === state) yield session;
  }
}
