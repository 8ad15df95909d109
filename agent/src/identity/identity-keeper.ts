import type { Secret } from '@penstock/config-schema';
import { type Clock, PrivateFileError, pause } from '@penstock/runtime';
import { ProblemError } from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import type { AgentCredentials } from './agent-credentials.ts';
import { isCertificateRejection } from './certificate-rejection.ts';
import { enroll, foreignAgent, isSameAgent } from './enroll.ts';
import { type EnrollmentBackoff, enrollmentDelay } from './enrollment-delay.ts';
import { failureFields } from './failure-fields.ts';
import type { Post } from './identity-answer.ts';
import { IdentityError } from './identity-error.ts';
import type { KeyStore } from './key-store.ts';
import { renew } from './renew.ts';
import { RenewalTimer } from './renewal-timer.ts';

export type KeeperOptions = EnrollmentBackoff & {
  readonly keyStore: KeyStore;
  readonly name: string;
  readonly pool: string;
  /** Read for each attempt, because a reload may provide a new token. */
  readonly enrollmentToken: () => Secret | undefined;
  /** A sentence that explains why a token that the file refers to is missing. */
  readonly enrollmentTokenMissing?: () => string | undefined;
  /** Sends requests on a connection made with the given credentials, or without a certificate. */
  readonly post: (credentials: AgentCredentials | undefined) => Post;
  readonly log: AgentLog;
  readonly clock: Clock;
  /** Milliseconds that the gateway's clock is ahead of ours. Certificates are dated by the gateway's clock. */
  readonly clockOffset: () => number;
  /** Called when renewed credentials are ready for a session to confirm them. */
  readonly onStaged: () => void;
  /** Called when other credentials have become current. */
  readonly onPromoted: (credentials: AgentCredentials) => void;
};

/** Maintains the agent's identity: enrolls if there is none, renews it in time, and keeps what works until then. */
export class IdentityKeeper {
  readonly #options: KeeperOptions;
  readonly #renewal: RenewalTimer;
  #current: AgentCredentials | undefined;
  #next: AgentCredentials | undefined;
  #state: 'running' | 'stopped' = 'running';
  /** Serializes work on the identity directory: concurrent steps would overwrite each other's next key. */
  #work: Promise<unknown> = Promise.resolve();
  #retryNow = new AbortController();

  private constructor(
    options: KeeperOptions,
    current: AgentCredentials | undefined,
    next: AgentCredentials | undefined,
  ) {
    this.#options = options;
    this.#current = current;
    this.#next = next;
    this.#renewal = new RenewalTimer({ ...options, onDue: () => void this.#inTurn(() => this.#renew()) });
  }

  /** Reads the identity directory. Throws IdentityError or PrivateFileError. */
  static async open(options: KeeperOptions): Promise<IdentityKeeper> {
    const { keyStore, name, pool } = options;
    const stored = await keyStore.current();
    if (stored !== undefined && !isSameAgent(stored, { name, pool }))
      throw foreignAgent(stored, { name, pool });
    return new IdentityKeeper(options, stored, stored === undefined ? undefined : await keyStore.next());
  }

  get current(): AgentCredentials | undefined {
    return this.#current;
  }

  /** The credentials for the next session. Renewed ones come first because only a session can confirm them. */
  get candidate(): AgentCredentials | undefined {
    return this.#next ?? this.#current;
  }

  /**
   * Enrolls if there is no identity, and retries until it succeeds or `signal` aborts. Throws IdentityError or
   * PrivateFileError.
   */
  async ensureEnrolled(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (let failures = 0; this.#current === undefined && !signal.aborted; failures += 1) {
      try {
        await this.#inTurn(() => this.#enroll());
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof IdentityError || error instanceof PrivateFileError) throw error;
        const delay = Math.max(retryAfterMs(error), enrollmentDelay(error, failures, this.#options));
        log('enrollment-failed', { ...failureFields(error), retryIn: Math.round(delay) });
        await pause(clock, delay, AbortSignal.any([signal, this.#retryNow.signal]));
      }
    }
  }

  /** Retries a waiting enrollment immediately. Call it when the configuration has changed. */
  retryNow(): void {
    this.#retryNow.abort();
    this.#retryNow = new AbortController();
  }

  /** Starts renewing in time. */
  start(): void {
    this.#scheduleRenewal();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#renewal.stop();
  }

  /** Makes renewed credentials current. Call it when the gateway has welcomed a session made with them. */
  async confirm(credentials: AgentCredentials): Promise<void> {
    if (credentials.serial !== this.#next?.serial) return;
    await this.#inTurn(async () => {
      if (credentials.serial !== this.#next?.serial) return;
      try {
        this.#current = await this.#options.keyStore.promote();
      } catch (error) {
        // The credentials work and are on disk as the next ones, so a restart finds them.
        this.#options.log('identity-renewal-failed', failureFields(error));
        this.#current = credentials;
      }
      this.#next = undefined;
      this.#renewal.resetFailures();
      this.#options.log('identity-renewed', { notAfter: new Date(this.#current.notAfter).toISOString() });
      this.#options.onPromoted(this.#current);
      this.#scheduleRenewal();
    });
  }

  /**
   * Handles the gateway's refusal of a certificate as expired or unknown. Resolves with whether other credentials are now
   * available. Renewed credentials are dropped in favor of the current ones. Current ones are kept, because the gateway's
   * clock or store may be wrong, but the agent enrolls again if it has an enrollment token.
   */
  handleRejection(credentials: AgentCredentials): Promise<boolean> {
    return this.#inTurn(async () => {
      try {
        if (credentials.serial === this.#next?.serial) await this.#dropNext();
        // Another session with the same credentials may have been handled before.
        else if (credentials.serial === this.#current?.serial) await this.#enrollAgain();
      } catch (error) {
        this.#options.log('identity-renewal-failed', failureFields(error));
      }
      return this.candidate !== undefined && this.candidate.serial !== credentials.serial;
    });
  }

  async #dropNext(): Promise<void> {
    this.#next = undefined;
    this.#renewal.countFailure();
    this.#options.log('identity-renewal-failed', {
      detail: 'The gateway refused the renewed certificate. The current certificate stays in use.',
    });
    this.#scheduleRenewal();
    await this.#options.keyStore.discardNext();
  }

  /** Enrolls with the existing key if there is a token. Resolves with whether the credentials have changed. */
  async #enrollAgain(): Promise<boolean> {
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
          `${enrollmentTokenMissing?.() ?? 'agent.yaml has no identity.enrollmentToken.'} ` +
          'Create a token with "penstock-gateway token create" and refer to it by ${env:…} or ${file:…}.',
      );
    }
    const before = this.#current;
    const credentials = await enroll(post(undefined), { token, name, pool }, keyStore);
    // Even if the agent is stopping: the certificate is already current on disk.
    this.#current = credentials;
    this.#next = undefined;
    this.#renewal.resetFailures();
    log('identity-enrolled', {
      agentId: credentials.agentId,
      notAfter: new Date(credentials.notAfter).toISOString(),
    });
    if (before !== undefined && !this.#isStopped) this.#options.onPromoted(credentials);
    this.#scheduleRenewal();
  }

  #scheduleRenewal(): void {
    this.#renewal.stop();
    if (this.#current === undefined || this.#next !== undefined || this.#isStopped) return;
    this.#renewal.schedule(this.#current);
  }

  async #renew(): Promise<void> {
    const { keyStore, post, log, onStaged } = this.#options;
    if (this.#isStopped || this.#next !== undefined) return;
    try {
      const next = await renew(post(this.#current), keyStore);
      if (this.#isStopped) return;
      this.#next = next;
      onStaged();
    } catch (error) {
      if (this.#isStopped) return;
      this.#renewal.countFailure();
      log('identity-renewal-failed', failureFields(error));
      if (isCertificateRejection(error) && (await this.#enrollAgain())) return;
      if (!this.#isStopped) this.#renewal.retry(this.#current, retryAfterMs(error));
    }
  }

  /** A getter, because the state may change during every await. */
  get #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }
}

const retryAfterMs = (error: unknown) => (error instanceof ProblemError ? (error.retryAfter ?? 0) * 1000 : 0);
