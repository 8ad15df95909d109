import { type CloseCode, TunnelError } from '@penstock/wire';
import type { RoutableSession, TargetStream } from './session-contract.ts';

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

/**
 * Asks several sessions of one agent for the same connection, because any of them may be dead without a sign of it. The
 * first stream wins, and all other attempts are canceled.
 */
export class ResumeAttempts {
  readonly #open: (session: RoutableSession, signal: AbortSignal) => Promise<TargetStream>;
  readonly #outcome = Promise.withResolvers<TargetStream>();
  readonly #ended = new AbortController();
  readonly #pending = new Set<RoutableSession>();
  readonly #failed = new Set<RoutableSession>();
  #change = Promise.withResolvers<'failed'>();

  constructor(open: (session: RoutableSession, signal: AbortSignal) => Promise<TargetStream>) {
    this.#open = open;
    this.#outcome.promise.catch(() => {});
  }

  /** Resolves with the first stream, which the caller owns. Rejects when the agent answers that the connection has ended. */
  get outcome(): Promise<TargetStream> {
    return this.#outcome.promise;
  }

  /** Resolves when the next attempt fails. */
  get failure(): Promise<'failed'> {
    return this.#change.promise;
  }

  /** Sessions that have not answered, or have failed. */
  get asked(): ReadonlySet<RoutableSession> {
    return this.#pending.union(this.#failed);
  }

  ask(session: RoutableSession): void {
    this.#pending.add(session);
    this.#open(session, this.#ended.signal).then(
      (target) => {
        this.#pending.delete(session);
        if (this.#ended.signal.aborted) target.refuse('CLIENT_GONE');
        else this.#outcome.resolve(target);
        this.end();
      },
      (error: unknown) => {
        this.#pending.delete(session);
        this.#failed.add(session);
        if (error instanceof TunnelError && FINAL.has(error.code) && !this.#ended.signal.aborted)
          this.#outcome.reject(error);
        this.#change.resolve('failed');
        this.#change = Promise.withResolvers<'failed'>();
      },
    );
  }

  /** Lets sessions that have failed be asked again. */
  forgive(): void {
    this.#failed.clear();
  }

  /** Cancels what has not been answered. */
  end(): void {
    this.#ended.abort(new TunnelError('CLIENT_GONE'));
  }
}
