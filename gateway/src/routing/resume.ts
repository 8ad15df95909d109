import { type Clock, pause } from '@penstock/runtime';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { ResumeAttempts } from './resume-attempts.ts';
import type { RoutableSession, TargetStream } from './session-contract.ts';

/** A connection that has lost its session, or is about to. */
export type CarriedConnection = {
  /** As the first open named it. */
  readonly id: string;
  readonly agentId: string;
  /** The process of the agent that has the connection. */
  readonly bootId: string;
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

/** Which stream of a connection another one is to replace. */
export type ResumePosition = {
  /** What this gateway has handed to the client. */
  readonly received: number;
  /** Streams of the connection that this gateway has accepted so far. */
  readonly streams: number;
};

/**
 * Time for an agent that has the connection to bring a stream for it. Nothing is dialed, but the message may queue behind the
 * data of other connections, and other sessions are asked meanwhile.
 */
const ATTEMPT_TIMEOUT_MS = 15_000;
/** Without an answer for this time, another session is asked as well. A session that has failed is asked again after it. */
const STEP_MS = 250;

/**
 * Time for the process that has the connection, once another process of its agent is connected and it is not. Usually the agent has
 * restarted, and the connection is gone.
 */
const OTHER_BOOT_MS = 5_000;

type Boot = Pick<CarriedConnection, 'agentId' | 'bootId'>;

/** Finds other sessions for connections that have lost theirs. */
export class Resumer {
  readonly #ports: ResumePorts;
  readonly #stopping = new AbortController();
  /** Connections that wait for a session of each agent. */
  readonly #waiting = new Map<string, Set<AbortController>>();

  constructor(ports: ResumePorts) {
    this.#ports = ports;
  }

  /** Whether the agent has a session that a connection can move to now. */
  canMove(boot: Boot): boolean {
    const session = this.#sessionOf(boot, new Set());
    return session !== undefined && !isLastResort(session);
  }

  /**
   * Asks the process of the agent that has a connection to go on with it, on all its sessions, one after the other, until one has, or `milliseconds` have
   * passed. `position` is read for each attempt. The caller owns the stream. Rejects with TunnelError: RESUME_UNKNOWN or the
   * code with which the connection has ended at the agent, SESSION_LOST when time is up, the code of `endAgent`; or with the
   * reason of `signal`.
   */
  async resume(
    connection: CarriedConnection,
    position: () => ResumePosition,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<TargetStream> {
    const { clock } = this.#ports;
    const { agentId } = connection;
    let deadline = clock.now() + milliseconds;
    let isReplaced = false;
    const revoked = this.#ofAgent(agentId);
    const ended = AbortSignal.any([signal, revoked.signal]);
    const attempts = new ResumeAttempts((session, canceled) =>
      session.open({
        connector: connection.connector,
        connection: connection.connection,
        client: connection.client,
        resume: { of: connection.id, ...position() },
        timeout: Math.max(1, Math.ceil(Math.min(ATTEMPT_TIMEOUT_MS, deadline - clock.now()))),
        signal: canceled,
      }),
    );
    try {
      for (;;) {
        ended.throwIfAborted();
        const remaining = deadline - clock.now();
        if (remaining <= 0) throw new TunnelError('SESSION_LOST', `No session within ${milliseconds} ms.`);
        const session = this.#sessionOf(connection, attempts.asked);
        if (session !== undefined) attempts.ask(session);
        else if (!isReplaced && this.#isReplaced(connection)) {
          isReplaced = true;
          deadline = Math.min(deadline, clock.now() + OTHER_BOOT_MS);
          continue;
        }
        const wait = attempts.asked.size > 0 ? Math.min(STEP_MS, remaining) : remaining;
        const event = await this.#next(attempts, agentId, wait, ended);
        if (typeof event === 'object') return event;
        if (event === 'waited') attempts.forgive();
      }
    } finally {
      attempts.end();
      revoked.leave();
    }
  }

  /** Ends the wait of every connection of an agent that must not come back. */
  endAgent(agentId: string, error: TunnelError): void {
    for (const controller of [...(this.#waiting.get(agentId) ?? [])]) controller.abort(error);
  }

  /** Tells the agent that connections have ended here, as soon as it has a session, within `milliseconds`. */
  end(agent: Boot, ids: readonly string[], code: CloseCode, milliseconds: number): void {
    void this.#end(agent, ids, code, milliseconds);
  }

  /** Forgets what agents without a session have not been told. */
  stop(): void {
    this.#stopping.abort();
  }

  async #end(
    { agentId, bootId }: Boot,
    ids: readonly string[],
    code: CloseCode,
    milliseconds: number,
  ): Promise<void> {
    const { clock } = this.#ports;
    const deadline = clock.now() + milliseconds;
    for (;;) {
      const session = this.#sessionOf({ agentId, bootId }, new Set());
      for (const id of ids) session?.endCarried(id, code);
      const remaining = deadline - clock.now();
      if (session !== undefined || remaining <= 0 || this.#stopping.signal.aborted) return;
      await this.#waitForSession(agentId, remaining, this.#stopping.signal);
    }
  }

  /** Aborted by `endAgent`, until `leave` is called. */
  #ofAgent(agentId: string): { readonly signal: AbortSignal; leave(): void } {
    const controller = new AbortController();
    const waiting = this.#waiting.get(agentId) ?? new Set();
    this.#waiting.set(agentId, waiting.add(controller));
    return {
      signal: controller.signal,
      leave: () => {
        waiting.delete(controller);
        if (waiting.size === 0 && this.#waiting.get(agentId) === waiting) this.#waiting.delete(agentId);
      },
    };
  }

  /** The outcome of the attempts, the failure of one, or the end of a wait for a further session. */
  async #next(
    attempts: ResumeAttempts,
    agentId: string,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<TargetStream | 'failed' | 'waited'> {
    const enough = new AbortController();
    const waited = this.#waitForSession(agentId, milliseconds, AbortSignal.any([signal, enough.signal]));
    try {
      return await Promise.race([attempts.outcome, attempts.failure, waited.then(() => 'waited' as const)]);
    } finally {
      enough.abort();
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

  /** The least loaded session, to this gateway if possible; one that drains or is silent only if there is no other. */
  #sessionOf({ agentId, bootId }: Boot, tried: ReadonlySet<RoutableSession>): RoutableSession | undefined {
    let best: RoutableSession | undefined;
    for (const session of this.#ports.sessionsOfAgent(agentId)) {
      if (session.bootId !== bootId || !session.acceptsResumes || tried.has(session)) continue;
      if (best === undefined || isBetter(session, best)) best = session;
    }
    return best;
  }

  /** Whether the agent has sessions, and none of them is of this process. */
  #isReplaced({ agentId, bootId }: Boot): boolean {
    const sessions = [...this.#ports.sessionsOfAgent(agentId)];
    return sessions.length > 0 && sessions.every((session) => session.bootId !== bootId);
  }
}

const isLastResort = ({ unavailableReason, isSuspect }: RoutableSession) =>
  unavailableReason === 'draining' || isSuspect;

function isBetter(session: RoutableSession, other: RoutableSession): boolean {
  if (isLastResort(session) !== isLastResort(other)) return isLastResort(other);
  const isRelayed = session.replica !== undefined;
  if (isRelayed !== (other.replica !== undefined)) return !isRelayed;
  return session.load < other.load;
}
