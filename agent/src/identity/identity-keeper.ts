import type { Secret } from '@penstock/config-schema';
import { type Clock, errorText, ProblemError, pause } from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import type { AgentIdentity } from './agent-identity.ts';
import { enroll } from './enroll.ts';
import type { Post } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import type { KeyStore } from './key-store.ts';
import { renew, renewAt } from './renew.ts';

export type KeeperOptions = {
  readonly keyStore: KeyStore;
  readonly name: string;
  readonly pool: string;
  readonly enrollmentToken: Secret | undefined;
  /** Requests on a connection opened with `identity`, or with none. */
  readonly post: (identity: AgentIdentity | undefined) => Post;
  readonly log: AgentLog;
  readonly clock: Clock;
  /** Milliseconds the gateway's clock is ahead of ours: certificates are dated by it. */
  readonly clockOffset: () => number;
  readonly backoff: { readonly base: number; readonly max: number };
  /** A renewed identity waits for a session to carry it. */
  readonly onStaged: () => void;
  /** A renewed identity is now current. */
  readonly onPromoted: (identity: AgentIdentity) => void;
};

/** Node's timers end at 2^31 milliseconds; a longer wait is taken in parts. */
const LONGEST_TIMER = 2 ** 31 - 1;
const RENEWAL_RETRY = 30_000;

/** Keeps the agent's identity good: enrolls when there is none, renews in time, and never lets go of what works. */
export class IdentityKeeper {
  readonly #options: KeeperOptions;
  #current: AgentIdentity | undefined;
  #next: AgentIdentity | undefined;
  #stopTimer = () => {};

  private constructor(
    options: KeeperOptions,
    current: AgentIdentity | undefined,
    next: AgentIdentity | undefined,
  ) {
    this.#options = options;
    this.#current = current;
    this.#next = next;
  }

  /** Reads what the directory holds. Throws IdentityError. */
  static async open(options: KeeperOptions): Promise<IdentityKeeper> {
    const { keyStore, name, pool } = options;
    const stored = await keyStore.current();
    const isOurs = stored?.name === name && stored.pool === pool;
    return new IdentityKeeper(
      options,
      isOurs ? stored : undefined,
      isOurs ? await keyStore.next() : undefined,
    );
  }

  get current(): AgentIdentity | undefined {
    return this.#current;
  }

  /** What the next session should be made with: a renewed identity first, since only a session can confirm it. */
  get candidate(): AgentIdentity | undefined {
    return this.#next ?? this.#current;
  }

  /** Enrolls when there is no identity, and tries until it is done or `signal` aborts. Throws IdentityError. */
  async ensure(signal: AbortSignal): Promise<void> {
    const { clock, backoff, log } = this.#options;
    for (let failures = 0; this.#current === undefined && !signal.aborted; failures += 1) {
      try {
        await this.#enroll(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof IdentityError) throw error;
        const permanent = error instanceof ProblemError && error.status < 500 && error.status !== 429;
        const asked = error instanceof ProblemError ? (error.retryAfter ?? 0) * 1000 : 0;
        const bound = permanent ? backoff.max : Math.min(backoff.max, backoff.base * 2 ** failures);
        const wait = Math.max(asked, bound * (0.5 + clock.random() / 2));
        log('enrollment-failed', { ...describe(error), retryIn: Math.round(wait) });
        await pause(clock, wait, signal);
      }
    }
  }

  /** Renews in time from now on. */
  start(): void {
    this.#schedule();
  }

  stop(): void {
    this.#stopTimer();
  }

  /** A session was welcomed with this identity. A renewed one is from now on the identity. Throws IdentityError. */
  async carried(identity: AgentIdentity): Promise<void> {
    if (identity.serial !== this.#next?.serial) return;
    this.#next = undefined;
    this.#current = await this.#options.keyStore.promote();
    this.#options.log('identity-renewed', { notAfter: new Date(this.#current.notAfter).toISOString() });
    this.#options.onPromoted(this.#current);
    this.#schedule();
  }

  /**
   * The gateway refused a session of this identity. A renewed one is dropped and the current one tried again. A current
   * one is kept, whatever the gateway says: its clock or its store may be wrong; but with an enrollment token at
   * hand the agent enrolls again.
   */
  async refused(identity: AgentIdentity, error: ProblemError, signal: AbortSignal): Promise<void> {
    if (error.code !== 'IDENTITY_EXPIRED' && error.code !== 'IDENTITY_UNKNOWN') return;
    if (identity.serial === this.#next?.serial) {
      this.#next = undefined;
      await this.#options.keyStore.discardNext();
      this.#schedule();
    } else if (this.#options.enrollmentToken !== undefined) {
      await this.#enroll(signal).catch((failure: unknown) => {
        if (!signal.aborted) this.#options.log('enrollment-failed', describe(failure));
      });
    }
  }

  async #enroll(signal: AbortSignal): Promise<void> {
    const { keyStore, name, pool, enrollmentToken: token, post, log } = this.#options;
    if (token === undefined) {
      throw new IdentityError(
        'missing',
        `This agent has no identity for ${name} in pool ${pool} yet, and its file names no identity.enrollmentToken. ` +
          'Make one with "penstock-gateway token create" and give it by ${env:…} or ${file:…}.',
      );
    }
    const identity = await enroll(post(undefined), { token, name, pool }, keyStore);
    if (signal.aborted) return;
    this.#current = identity;
    this.#next = undefined;
    log('identity-enrolled', {
      agentId: identity.agentId,
      notAfter: new Date(identity.notAfter).toISOString(),
    });
    this.#schedule();
  }

  #schedule(): void {
    this.#stopTimer();
    if (this.#current === undefined || this.#next !== undefined) return;
    const { clock, clockOffset } = this.#options;
    const due = renewAt(this.#current, () => clock.random());
    this.#wait(due - clock.wall() - clockOffset());
  }

  #wait(milliseconds: number): void {
    const part = Math.min(Math.max(milliseconds, 0), LONGEST_TIMER);
    this.#stopTimer = this.#options.clock.after(part, () => {
      if (milliseconds > part) this.#wait(milliseconds - part);
      else void this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { keyStore, post, log, onStaged, clock } = this.#options;
    try {
      this.#next = await renew(post(this.#current), keyStore);
      onStaged();
    } catch (error) {
      log('identity-renewal-failed', describe(error));
      // Never later than a tenth of what is left, so that a short-lived certificate gets its tries too.
      const left = Math.max(0, (this.#current?.notAfter ?? 0) - clock.wall());
      const asked = error instanceof ProblemError ? (error.retryAfter ?? 0) * 1000 : 0;
      this.#wait(Math.max(asked, 500, Math.min(RENEWAL_RETRY, left / 10) * (0.5 + clock.random() / 2)));
    }
  }
}

function describe(error: unknown): { readonly code?: string; readonly detail: string } {
  const detail = errorText(error);
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? { code: error.code, detail }
    : { detail };
}
