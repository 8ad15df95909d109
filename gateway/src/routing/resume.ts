import { type Clock, pause } from '@penstock/runtime';
import { type CloseCode, TunnelError } from '@penstock/wire';
import type { RoutableSession, TargetStream } from './session-contract.ts';

/** A connection that has lost its session, or is about to. */
export type CarriedConnection = {
  /** As the first open named it. */
  readonly id: string;
  readonly agentId: string;
  readonly connector: string;
  readonly connection: string;
  readonly client: string;
};

export type ResumePorts = {
  readonly sessionsOfAgent: (agentId: string) => Iterable<RoutableSession>;
  /** Resolves when a session of the agent becomes ready, or when `signal` is aborted. Never rejects. */
  readonly sessionReady: (agentId: string, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
};

/** Time for an agent that has the connection to bring a stream for it: nothing is dialed. */
const ATTEMPT_TIMEOUT_MS = 2_000;
/** Between two attempts when all sessions have failed. */
const RETRY_DELAY_MS = 250;

/** The agent answered, and the connection cannot go on. All other failures are those of a session. */
const FINAL: ReadonlySet<CloseCode> = new Set([
  'RESUME_UNKNOWN',
  'TARGET_RESET',
  'CLIENT_GONE',
  'CLIENT_RESET',
  'HALF_CLOSED_TIMEOUT',
  'DRAIN_TIMEOUT',
  'IDLE_TIMEOUT',
  'PROTOCOL_ERROR',
]);

/** Finds other sessions for connections that have lost theirs. */
export class Resumer {
  readonly #ports: ResumePorts;
  readonly #stopping = new AbortController();

  constructor(ports: ResumePorts) {
    this.#ports = ports;
  }

  /** Whether the agent has a session that a connection can move to now. */
  canMove(agentId: string): boolean {
    return this.#sessionOf(agentId, new Set()) !== undefined;
  }

  /**
   * Asks the agent to go on with a connection on any of its sessions, until one has, or `milliseconds` have passed.
   * `received` is read for each attempt. The caller owns the stream. Rejects with TunnelError: RESUME_UNKNOWN or the code with
   * which the connection has ended at the agent, SESSION_LOST when time is up; or with the reason of `signal`.
   */
  async resume(
    connection: CarriedConnection,
    received: () => number,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<TargetStream> {
    const { clock } = this.#ports;
    const deadline = clock.now() + milliseconds;
    const tried = new Set<RoutableSession>();
    for (;;) {
      signal.throwIfAborted();
      const remaining = deadline - clock.now();
      if (remaining <= 0) throw new TunnelError('SESSION_LOST', `No session within ${milliseconds} ms.`);
      const session = this.#sessionOf(connection.agentId, tried);
      if (session === undefined) {
        const wait = tried.size > 0 ? Math.min(RETRY_DELAY_MS, remaining) : remaining;
        await this.#waitForSession(connection.agentId, wait, signal);
        tried.clear();
        continue;
      }
      tried.add(session);
      try {
        return await session.open({
          connector: connection.connector,
          connection: connection.connection,
          client: connection.client,
          resume: { of: connection.id, received: received() },
          timeout: Math.ceil(Math.min(ATTEMPT_TIMEOUT_MS, remaining)),
          signal,
        });
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof TunnelError && FINAL.has(error.code)) throw error;
      }
    }
  }

  /** Tells the agent that a connection has ended here, as soon as it has a session, within `milliseconds`. */
  end(connection: CarriedConnection, code: CloseCode, milliseconds: number): void {
    void this.#end(connection, code, milliseconds);
  }

  /** Forgets what agents without a session have not been told. */
  stop(): void {
    this.#stopping.abort();
  }

  async #end({ agentId, id }: CarriedConnection, code: CloseCode, milliseconds: number): Promise<void> {
    const { clock } = this.#ports;
    const deadline = clock.now() + milliseconds;
    for (;;) {
      const session = this.#sessionOf(agentId, new Set());
      if (session !== undefined) session.endCarried(id, code);
      const remaining = deadline - clock.now();
      if (session !== undefined || remaining <= 0 || this.#stopping.signal.aborted) return;
      await this.#waitForSession(agentId, remaining, this.#stopping.signal);
    }
  }

  /** Waits for a session of the agent, `milliseconds` at most. */
  async #waitForSession(agentId: string, milliseconds: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    try {
      await Promise.race([
        this.#ports.sessionReady(agentId, either),
        pause(this.#ports.clock, milliseconds, either),
      ]);
    } finally {
      enough.abort();
    }
  }

  /** The least loaded session. */
  #sessionOf(agentId: string, tried: ReadonlySet<RoutableSession>): RoutableSession | undefined {
    let best: RoutableSession | undefined;
    for (const session of this.#ports.sessionsOfAgent(agentId)) {
      if (!session.acceptsResumes || tried.has(session)) continue;
      if (best === undefined || session.load < best.load) best = session;
    }
    return best;
  }
}
