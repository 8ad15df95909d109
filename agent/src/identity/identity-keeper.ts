import type { Secret } from '@penstock/config-schema';
import { type Clock, PrivateFileError, pause } from '@penstock/runtime';
import { ProblemError, problemCodes } from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import type { AgentCredentials } from './agent-credentials.ts';
import { dueTimer } from './due-timer.ts';
import { enroll } from './enroll.ts';
import { failureFields } from './failure-fields.ts';
import type { Post } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import { isIdentityRefusal } from './identity-refusal.ts';
import type { KeyStore } from './key-store.ts';
import { longTimer } from './long-timer.ts';
import { renew, renewAt } from './renew.ts';
import { renewalRetry } from './renewal-retry.ts';

export type KeeperOptions = {
  readonly keyStore: KeyStore;
  readonly name: string;
  readonly pool: string;
  /** Asked for anew each time: the file may have been given a new one. */
  readonly enrollmentToken: () => Secret | undefined;
  /** Why there is no token although the file refers to one, as a sentence. */
  readonly enrollmentTokenMissing?: () => string | undefined;
  /** Requests on a connection opened with `identity`, or with none. */
  readonly post: (identity: AgentCredentials | undefined) => Post;
  readonly log: AgentLog;
  readonly clock: Clock;
  /** Milliseconds the gateway's clock is ahead of ours: certificates are dated by it. */
  readonly clockOffset: () => number;
  readonly backoff: () => { readonly base: number; readonly max: number };
  /** A renewed identity waits for a session to carry it. */
  readonly onStaged: () => void;
  /** A renewed identity is now current. */
  readonly onPromoted: (identity: AgentCredentials) => void;
};

/** Keeps the agent's identity good: enrolls when there is none, renews in time, and never lets go of what works. */
export class IdentityKeeper {
  readonly #options: KeeperOptions;
  #current: AgentCredentials | undefined;
  #next: AgentCredentials | undefined;
  #stopTimer = () => {};
  #life: 'running' | 'stopped' = 'running';
  /** Renewals that failed in a row, one whose certificate was refused among them. */
  #failedRenewals = 0;
  /** What works on the identity directory, one after the other: two at once would take each other's next key. */
  #work: Promise<unknown> = Promise.resolve();
  #news = new AbortController();

  private constructor(
    options: KeeperOptions,
    current: AgentCredentials | undefined,
    next: AgentCredentials | undefined,
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

  get current(): AgentCredentials | undefined {
    return this.#current;
  }

  /** What the next session should be made with: a renewed identity first, since only a session can confirm it. */
  get candidate(): AgentCredentials | undefined {
    return this.#next ?? this.#current;
  }

  /** Enrolls when there is no identity, and tries until it is done or `signal` aborts. Throws IdentityError. */
  async ensure(signal: AbortSignal): Promise<void> {
    const { clock, backoff, log } = this.#options;
    for (let failures = 0; this.#current === undefined && !signal.aborted; failures += 1) {
      try {
        await this.#inTurn(() => this.#enroll());
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof IdentityError || error instanceof PrivateFileError) throw error;
        const { base, max } = backoff();
        const permanent = error instanceof ProblemError && problemCodes[error.code].permanent;
        const asked = error instanceof ProblemError ? (error.retryAfter ?? 0) * 1000 : 0;
        const bound = permanent ? max : Math.min(max, base * 2 ** Math.min(failures, 20));
        const wait = Math.max(asked, bound * (0.5 + clock.random() / 2));
        log('enrollment-failed', { ...failureFields(error), retryIn: Math.round(wait) });
        await pause(clock, wait, AbortSignal.any([signal, this.#news.signal]));
      }
    }
  }

  /** The file has changed: an enrollment that waits is tried at once. */
  hurry(): void {
    this.#news.abort();
    this.#news = new AbortController();
  }

  /** Renews in time from now on. */
  start(): void {
    this.#schedule();
  }

  stop(): void {
    this.#life = 'stopped';
    this.#stopTimer();
  }

  /** A session was welcomed with this identity. A renewed one is from now on the identity. */
  async carried(identity: AgentCredentials): Promise<void> {
    if (identity.serial !== this.#next?.serial) return;
    await this.#inTurn(async () => {
      if (identity.serial !== this.#next?.serial) return;
      try {
        this.#current = await this.#options.keyStore.promote();
      } catch (error) {
        // It works and is in the directory as the next one: only its place is not right yet.
        this.#options.log('identity-renewal-failed', failureFields(error));
        this.#current = identity;
      }
      this.#next = undefined;
      this.#failedRenewals = 0;
      this.#options.log('identity-renewed', { notAfter: new Date(this.#current.notAfter).toISOString() });
      this.#options.onPromoted(this.#current);
      this.#schedule();
    });
  }

  /**
   * The gateway refused a session of this identity as expired or unknown; true when another is now at hand. A renewed
   * one is dropped, and the current one is good again. A current one is kept, whatever the gateway says: its clock
   * or its store may be wrong; but with an enrollment token at hand the agent enrolls again.
   */
  refused(identity: AgentCredentials): Promise<boolean> {
    return this.#inTurn(async () => {
      try {
        if (identity.serial === this.#next?.serial) await this.#dropNext();
        // Another session may have been here before, with the same identity.
        else if (identity.serial === this.#current?.serial) await this.#hasEnrolledAgain();
      } catch (error) {
        this.#options.log('identity-renewal-failed', failureFields(error));
      }
      return this.candidate !== undefined && this.candidate.serial !== identity.serial;
    });
  }

  async #dropNext(): Promise<void> {
    this.#next = undefined;
    this.#failedRenewals += 1;
    this.#options.log('identity-renewal-failed', {
      detail: 'The gateway refused the renewed certificate. The one before it stays in force.',
    });
    this.#schedule();
    await this.#options.keyStore.discardNext();
  }

  /** Enrolls with the key there is, when the file has a token. */
  async #hasEnrolledAgain(): Promise<boolean> {
    const before = this.#current;
    if (this.#options.enrollmentToken() === undefined) return false;
    try {
      await this.#enroll();
    } catch (error) {
      if (!this.#isStopped) this.#options.log('enrollment-failed', failureFields(error));
    }
    return this.#current !== before;
  }

  async #enroll(): Promise<void> {
    const { keyStore, name, pool, enrollmentToken, enrollmentTokenMissing, post, log } = this.#options;
    const token = enrollmentToken();
    if (token === undefined) {
      throw new IdentityError(
        'missing',
        `This agent has no identity for ${name} in pool ${pool} yet. ` +
          `${enrollmentTokenMissing?.() ?? 'Its file names no identity.enrollmentToken.'} ` +
          'Make one with "penstock-gateway token create" and give it by ${env:…} or ${file:…}.',
      );
    }
    const before = this.#current;
    const identity = await enroll(post(undefined), { token, name, pool }, keyStore);
    // Even while the agent stops: the certificate is already current on disk.
    this.#current = identity;
    this.#next = undefined;
    this.#failedRenewals = 0;
    log('identity-enrolled', {
      agentId: identity.agentId,
      notAfter: new Date(identity.notAfter).toISOString(),
    });
    if (before !== undefined && !this.#isStopped) this.#options.onPromoted(identity);
    this.#schedule();
  }

  #schedule(): void {
    this.#stopTimer();
    if (this.#current === undefined || this.#next !== undefined || this.#life === 'stopped') return;
    if (this.#failedRenewals > 0) {
      this.#wait(this.#retryWait(0));
      return;
    }
    const { clock, clockOffset } = this.#options;
    const due = renewAt(this.#current, () => clock.random());
    const left = () => due - clock.wall() - clockOffset();
    this.#stopTimer = dueTimer(clock, left, () => this.#renewInTurn());
  }

  #retryWait(asked: number): number {
    const { clock, clockOffset } = this.#options;
    const left = (this.#current?.notAfter ?? 0) - clock.wall() - clockOffset();
    return Math.max(asked, renewalRetry(left, this.#failedRenewals, clock.random()));
  }

  #wait(milliseconds: number): void {
    this.#stopTimer();
    this.#stopTimer = longTimer(this.#options.clock, milliseconds, () => this.#renewInTurn());
  }

  #renewInTurn(): void {
    void this.#inTurn(() => this.#renew());
  }

  async #renew(): Promise<void> {
    const { keyStore, post, log, onStaged } = this.#options;
    if (this.#life === 'stopped' || this.#next !== undefined) return;
    try {
      const next = await renew(post(this.#current), keyStore);
      if (this.#isStopped) return;
      this.#next = next;
      onStaged();
    } catch (error) {
      if (this.#isStopped) return;
      this.#failedRenewals += 1;
      log('identity-renewal-failed', failureFields(error));
      if (isIdentityRefusal(error) && (await this.#hasEnrolledAgain())) return;
      const asked = error instanceof ProblemError ? (error.retryAfter ?? 0) * 1000 : 0;
      this.#wait(this.#retryWait(asked));
    }
  }

  /** Asked after every wait, in which it may have changed. */
  get #isStopped(): boolean {
    return this.#life === 'stopped';
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }
}
