import { BriefMap } from '@penstock/runtime';
import type { SessionLoss, Splice } from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';

/** Milliseconds for which a connection is kept without a session, by how the session was lost. */
export type KeepLimits = Readonly<Record<SessionLoss, number>>;

/** Whether the process of the gateway that has a client can still ask for its connection. */
export type ReturnVerdict = 'may-return' | 'gone' | 'unsettled';

/** A session of this agent, as far as it says which processes of the gateway live. */
export type LiveEpoch = {
  readonly epoch: string;
  /** When the session became ready, on the monotonic clock. */
  readonly since: number;
};

/** Milliseconds after which a replica that this agent has connected to would have passed on a resume for another one. */
export const SETTLED_MS = 2_000;

/** A connection to a target that can outlive the session that carries it. */
export class CarriedConnection {
  readonly splice: Splice;
  /** The process of the gateway that has the client. */
  readonly epoch: string;
  readonly #limits: KeepLimits;
  readonly #verdict: (since: number) => ReturnVerdict;
  /** Streams of the connection that the gateway has accepted, as far as this agent knows. */
  streams = 1;
  /** Whether it has left its first stream for another one. */
  hasMoved = false;
  #leave: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Without a session, the connection is reset when `limits` say. The shorter one is for a gateway that was killed:
   * `verdict` says whether that is so, from what has happened since a time of the monotonic clock.
   */
  constructor(splice: Splice, epoch: string, limits: KeepLimits, verdict: (since: number) => ReturnVerdict) {
    this.splice = splice;
    this.epoch = epoch;
    this.#limits = limits;
    this.#verdict = verdict;
  }

  /** A session carries the connection, on the stream of this number. `leave` is called once, when it no longer does. */
  join(leave: () => void, streams: number): void {
    this.leave();
    this.#leave = leave;
    this.streams = streams;
  }

  /** No session carries the connection. It is reset unless one does in time. */
  drift(loss: SessionLoss): void {
    this.leave();
    const { silent, closed } = this.#limits;
    const since = performance.now();
    const end = () => this.splice.abort('SESSION_LOST');
    const judge = (waited: number) => {
      const verdict = this.#verdict(since);
      if (verdict === 'gone') end();
      else if (verdict === 'may-return' || waited + SETTLED_MS >= silent)
        this.#timer = setTimeout(end, silent - waited);
      else this.#timer = setTimeout(judge, SETTLED_MS, waited + SETTLED_MS);
    };
    this.#timer = loss === 'silent' ? setTimeout(end, silent) : setTimeout(judge, closed, closed);
  }

  /** The gateway no longer has the connection. */
  end(code: CloseCode): void {
    if (this.splice.isAdrift) this.splice.abandon(code);
    else this.splice.abort(code);
  }

  /** Takes the connection from its session, and stops its timer. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#leave?.();
    this.#leave = undefined;
  }
}

/** The connections of all sessions that can outlive them, until they end. */
export class CarriedConnections {
  readonly #connections = new BriefMap<string, CarriedConnection>();
  readonly #epochs: () => readonly LiveEpoch[];
  readonly #goneAt: () => number;

  /**
   * `epochs` names the processes of the gateway that this agent is connected to; `goneAt` is when an attempt to connect has
   * last shown that the gateway is gone, on the monotonic clock.
   */
  constructor(epochs: () => readonly LiveEpoch[], goneAt: () => number) {
    this.#epochs = epochs;
    this.#goneAt = goneAt;
  }

  /** Whether a process of the gateway whose session was closed at `since` may still have its clients. */
  verdict(epoch: string, since: number): ReturnVerdict {
    const connected = this.#epochs();
    // If it no longer has a connection, it says so on its sessions.
    if (connected.some((each) => each.epoch === epoch)) return 'may-return';
    // Behind a load balancer no attempt is refused after a replica was killed: the others answer. But if it lived, it would have
    // asked for its connections through them, once they had told it of this agent.
    const settled = performance.now() - SETTLED_MS;
    if (connected.some((each) => each.since <= settled)) return 'gone';
    if (connected.length > 0) return 'unsettled';
    return this.#goneAt() >= since ? 'gone' : 'may-return';
  }

  /** Connections that have no session. */
  get adrift(): number {
    return this.#connections.values().reduce((count, { splice }) => count + Number(splice.isAdrift), 0);
  }

  /** Adds a connection, and removes it when it has ended. */
  add(connection: CarriedConnection): void {
    const { id, done } = connection.splice;
    this.#connections.set(id, connection);
    void done.then(() => {
      connection.leave();
      this.#connections.delete(id);
    });
  }

  get(id: string): CarriedConnection | undefined {
    return this.#connections.get(id);
  }

  /** Ends the connections without a session of all gateway processes but one. A process that drains still has its sessions. */
  endOthers(epoch: string, code: CloseCode): void {
    for (const connection of [...this.#connections.values()]) {
      if (connection.epoch !== epoch && connection.splice.isAdrift) connection.splice.abort(code);
    }
  }

  /** Ends all connections. */
  endAll(code: CloseCode): void {
    for (const { splice } of [...this.#connections.values()]) splice.abort(code);
  }
}
