import { TunnelError } from '@penstock/wire';
import type { RoutableSession, TargetStream } from './session-contract.ts';

/** An open through one session. */
export type Attempt = {
  readonly session: RoutableSession;
  /** Milliseconds of the dial's clock. */
  readonly openedAt: number;
  open(signal: AbortSignal, onSilent: () => void): Promise<TargetStream>;
};

export type FailedAttempt = { readonly attempt: Attempt; readonly error: unknown };

export type HedgedOpen =
  | {
      readonly won: Attempt;
      readonly target: TargetStream;
      /** Those that had failed, or were not answered when another one was. */
      readonly failed: readonly FailedAttempt[];
    }
  | { readonly won: undefined; readonly failed: readonly [FailedAttempt, ...FailedAttempt[]] };

/**
 * Opens through a session, and through `next()` as well when that one is silent, and so on: the first answer wins, and the
 * others are canceled. No byte of the client has been sent, so nothing is doubled. Resolves when one has succeeded or all
 * have failed. Rejects with the reason of `signal` only.
 */
export async function hedgedOpen(
  first: Attempt,
  next: () => Attempt | undefined,
  signal: AbortSignal,
): Promise<HedgedOpen> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HedgedOpen>();
  const pending = new Map<Attempt, AbortController>();
  const failed: FailedAttempt[] = [];
  let isOver = false;

  const finish = (outcome: HedgedOpen) => {
    isOver = true;
    resolve(outcome);
    for (const cancel of pending.values()) cancel.abort(new TunnelError('CLIENT_GONE'));
  };

  const start = (attempt: Attempt) => {
    const cancel = new AbortController();
    pending.set(attempt, cancel);
    const onSilent = () => {
      const other = isOver ? undefined : next();
      if (other !== undefined) start(other);
    };
    attempt.open(cancel.signal, onSilent).then(
      (target) => {
        pending.delete(attempt);
        // Two answers in one turn.
        if (isOver) {
          target.refuse('CLIENT_GONE');
          return;
        }
        const unanswered = [...pending.keys()].map((each) => ({
          attempt: each,
          error: new TunnelError('AGENT_TIMEOUT', 'The agent had not answered when another session did.'),
        }));
        finish({ won: attempt, target, failed: [...failed, ...unanswered] });
      },
      (error: unknown) => {
        pending.delete(attempt);
        if (isOver) return;
        const failure = { attempt, error };
        if (pending.size > 0) failed.push(failure);
        else finish({ won: undefined, failed: [failure, ...failed] });
      },
    );
  };

  const abort = () => {
    isOver = true;
    reject(signal.reason);
    for (const cancel of pending.values()) cancel.abort(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  start(first);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
