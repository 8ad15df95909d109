import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@penstock/runtime';
import type { Journal, UpdaterProblem } from '@penstock/updater';
import {
  type AgentMessage,
  errorText,
  type GatewayMessage,
  type GatewayMessageOf,
  type UpgradeCode,
  type UpgradeStatus,
  upgradeCodes,
} from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import { FetchError, fetchDocuments, fetchRelease } from './fetch-release.ts';
import type { Upgrader } from './find-upgrader.ts';
import type { ReleaseSource } from './release-source.ts';
import { Spool } from './spool.ts';
import { isActing, type Offer, upgradeStatus, type Work } from './upgrade-status.ts';

export type UpgradeAgentOptions = {
  readonly upgrader: Upgrader;
  /** Of this process. */
  readonly version: string;
  /** The version to which PENSTOCK_VERSION_PIN pins this host. */
  readonly pinned: string | undefined;
  readonly rootKeys: readonly string[];
  readonly platform: { readonly os: string; readonly arch: string };
  readonly policy: () => UpgradeStatus['policy'];
  readonly keep: () => number;
  readonly source: () => ReleaseSource;
  /** Milliseconds by which the gateway's clock is ahead of this host's. */
  readonly clockOffset: () => number;
  readonly send: (message: AgentMessage) => void;
  readonly log: AgentLog;
  readonly clock: Clock;
};

/** Between two looks at the journal of the updater. */
const INTERVAL_MS = 1_000;
/** Until `may-switch` is repeated that nobody has answered. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Until the updater is asked again, in case it was killed with the request. */
const UPDATER_TIMEOUT_MS = 120_000;

/**
 * The agent's part in upgrades: it fetches what the control plane offers, has the updater verify it, and asks for the permission
 * to switch. It has no rights over any executable. What it forgets with a restart, the journal of the updater and the next
 * offer bring back.
 */
export class UpgradeAgent {
  readonly #options: UpgradeAgentOptions;
  readonly #spool: Spool | undefined;
  #work: Work = { name: 'none' };
  #journal: Journal | undefined;
  #problem: UpdaterProblem | undefined;
  #announced: UpgradeStatus | undefined;
  #nextStepAt = Number.POSITIVE_INFINITY;
  #stopTimer = () => {};
  #isStopped = false;

  constructor(options: UpgradeAgentOptions) {
    this.#options = options;
    this.#spool = options.upgrader.kind === 'host' ? new Spool(options.upgrader) : undefined;
  }

  /** Starts following the journal of the updater. */
  async start(): Promise<void> {
    if (this.#spool === undefined) return;
    await this.#look();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
    this.#abortFetch();
  }

  /** What heartbeats report. */
  get status(): UpgradeStatus {
    const { upgrader, pinned, version } = this.#options;
    const policy = this.#options.policy();
    return upgradeStatus({
      upgrader,
      policy,
      pinned,
      work: this.#work,
      journal: this.#journal,
      problem: this.#problem,
      running: version,
    });
  }

  /** Handles a message of the gateway; does nothing for those of other kinds. */
  receive(message: GatewayMessage): void {
    switch (message.type) {
      case 'upgrade':
        this.#offered(message);
        break;
      case 'go':
        void this.#go(message);
        break;
      case 'wait':
        this.#wait(message);
        break;
      case 'upgrade-cancel':
        void this.#cancel(message);
        break;
      default:
        break;
    }
  }

  #offered({ rollout, to, back = false, retry = false }: GatewayMessageOf<'upgrade'>): void {
    const offer: Offer = { rollout, to, back, retry };
    const present = this.#work;
    if (present.name !== 'none' && present.name !== 'refused') {
      if (present.offer.rollout === rollout && present.offer.to === to) {
        if (present.name === 'waiting') this.#ask();
        return;
      }
    }
    const refusal = this.#refusalOf(offer);
    if (refusal !== undefined) {
      this.#refuse(offer, refusal);
      return;
    }
    this.#abortFetch();
    if (to === this.#options.version && !isActing(this.#journal)) {
      this.#set({ name: 'none' });
      this.#announce();
      return;
    }
    this.#options.log('upgrade-offered', { rollout, to, back });
    if (back) this.#set({ name: 'waiting', offer, since: this.#now, code: undefined, detail: undefined });
    else void this.#fetch(offer);
    if (back) this.#ask();
  }

  #refusalOf({ to, back, retry }: Offer): UpgradeCode | undefined {
    const { policy, pinned } = this.#options;
    if (this.#spool === undefined) return 'NO_UPGRADER';
    if (policy() === 'deny') return 'DENIED_LOCALLY';
    if (pinned !== undefined && pinned !== to) return 'PINNED';
    const isWithdrawal =
      back && this.#journal?.phase.name === 'probation' && this.#journal.phase.upgrade.from === to;
    if (isActing(this.#journal) && !isWithdrawal) return 'BUSY';
    if (back || retry) return undefined;
    return this.#journal?.failed.some(({ version }) => version === to) ? 'KNOWN_BAD' : undefined;
  }

  #refuse(offer: Offer, code: UpgradeCode, detail: string = upgradeCodes[code]): void {
    this.#options.log('upgrade-refused', { rollout: offer.rollout, to: offer.to, code, detail });
    this.#set({ name: 'refused', offer, since: this.#now, code, detail });
    this.#announce();
  }

  async #fetch(offer: Offer): Promise<void> {
    const spool = this.#spool;
    if (spool === undefined) return;
    const { source, rootKeys, platform } = this.#options;
    const abort = new AbortController();
    const work: Work = { name: 'fetching', offer, since: this.#now, abort, fetched: undefined };
    this.#set(work);
    this.#announce();
    try {
      await fetchRelease({
        source: source(),
        directory: spool.files,
        version: offer.to,
        rootKeys,
        platform,
        now: this.#now,
        signal: abort.signal,
        onProgress: (fetched) => {
          if (this.#work.name === 'fetching' && this.#work.abort === abort)
            this.#work = { ...this.#work, fetched };
        },
      });
      if (abort.signal.aborted) return;
      await this.#stage(offer);
    } catch (error) {
      if (!abort.signal.aborted) this.#failed(offer, error);
    }
  }

  async #stage(offer: Offer): Promise<void> {
    this.#set({ name: 'staging', offer, since: this.#now }, UPDATER_TIMEOUT_MS);
    await this.#request(offer, undefined);
  }

  async #request({ rollout, to, back, retry }: Offer, until: number | undefined): Promise<void> {
    await this.#spool?.ask({
      to,
      rollout,
      back,
      retry,
      files: this.#spool.files,
      keep: this.#options.keep(),
      ...(until !== undefined && { until }),
    });
  }

  #ask(): void {
    if (this.#work.name !== 'waiting') return;
    const { rollout, to } = this.#work.offer;
    this.#nextStepAt = this.#options.clock.now() + ANSWER_TIMEOUT_MS;
    this.#options.send({ type: 'may-switch', rollout, from: this.#options.version, to });
  }

  async #go({ rollout, to, until }: GatewayMessageOf<'go'>): Promise<void> {
    const { clockOffset, source, rootKeys, version } = this.#options;
    const work = this.#work;
    const spool = this.#spool;
    if (work.name !== 'waiting' || spool === undefined) return;
    const { offer } = work;
    if (offer.rollout !== rollout || offer.to !== to || to === version) return;
    this.#set({ name: 'going', offer, since: this.#now }, UPDATER_TIMEOUT_MS);
    // Now: when the process is stopped for the switch, `waiting` must not be the last that was heard of it.
    this.#announce();
    try {
      // The release may have been revoked since it was staged.
      if (!offer.back) {
        const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
        const options = {
          source: source(),
          directory: spool.files,
          version: to,
          rootKeys,
          now: this.#now,
          signal,
        };
        await fetchDocuments(options);
      }
      await this.#request(offer, until - clockOffset());
    } catch (error) {
      this.#failed(offer, error);
    }
  }

  #wait({ rollout, code, detail, askAfter }: GatewayMessageOf<'wait'>): void {
    const work = this.#work;
    if (work.name !== 'waiting' || work.offer.rollout !== rollout) return;
    this.#set({ ...work, code, detail }, askAfter);
    this.#announce();
  }

  async #cancel({ rollout, reason }: GatewayMessageOf<'upgrade-cancel'>): Promise<void> {
    const work = this.#work;
    if (work.name === 'none' || work.name === 'refused' || work.offer.rollout !== rollout) return;
    if (isActing(this.#journal)) return;
    this.#abortFetch();
    const { offer } = work;
    this.#refuse(offer, 'CANCELLED', reason);
    await this.#spool?.ask({ to: offer.to, cancel: true }).catch(() => {});
  }

  #failed(offer: Offer, error: unknown): void {
    this.#refuse(offer, error instanceof FetchError ? error.code : 'INTERNAL', errorText(error));
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#stopTimer = this.#options.clock.after(INTERVAL_MS, () => {
      void this.#look().finally(() => this.#schedule());
    });
  }

  /** Follows the updater, and does what is due. */
  async #look(): Promise<void> {
    this.#journal = await this.#spool?.journal();
    this.#problem = this.#spool?.problem();
    const work = this.#work;
    const phase = this.#journal?.phase;
    if (phase?.name === 'staged') this.#staged(phase, work);
    else if (work.name === 'staging' || work.name === 'going') this.#followed(work);
    if (this.#options.clock.now() >= this.#nextStepAt) this.#due();
    this.#announce();
  }

  /** The updater has a version ready, which this process may have forgotten about. */
  #staged(phase: Extract<NonNullable<Journal>['phase'], { name: 'staged' }>, work: Work): void {
    const { rollout, to, back } = phase.upgrade;
    const isMine = work.name === 'staging' && work.offer.to === to;
    const isForgotten = work.name === 'none' && rollout !== undefined;
    const isReturned = work.name === 'going' && work.offer.to === to && phase.code !== undefined;
    if (!isMine && !isForgotten && !isReturned) return;
    const offer = work.name === 'none' ? { rollout: rollout ?? '', to, back, retry: false } : work.offer;
    this.#set({ name: 'waiting', offer, since: this.#now, code: phase.code, detail: undefined });
    this.#ask();
  }

  /** Ends the work that the updater has ended. */
  #followed(work: Extract<Work, { name: 'staging' | 'going' }>): void {
    const { phase, since } = this.#journal ?? {};
    if (phase === undefined || since === undefined || since < work.since || phase.name === 'idle') return;
    if (phase.upgrade.to === work.offer.to && ['failed', 'rolled-back', 'committed'].includes(phase.name))
      this.#set({ name: 'none' });
  }

  #due(): void {
    const work = this.#work;
    this.#nextStepAt = Number.POSITIVE_INFINITY;
    if (work.name === 'waiting') this.#ask();
    else if (work.name === 'staging') void this.#stage(work.offer).catch(() => {});
    else if (work.name === 'going')
      // Nothing has come of the permission: another one is needed.
      this.#set({ ...work, name: 'waiting', code: undefined, detail: undefined }, 0);
  }

  #announce(): void {
    const { status } = this;
    // Progress alone is left to heartbeats.
    const { fetched: _fetched, ...compared } = status;
    if (isDeepStrictEqual(compared, this.#announced)) return;
    this.#announced = compared;
    this.#options.send({ type: 'upgrade-status', upgrade: status });
  }

  #abortFetch(): void {
    if (this.#work.name === 'fetching') this.#work.abort.abort(new Error('It is no longer wanted.'));
  }

  #set(work: Work, nextStepMs = Number.POSITIVE_INFINITY): void {
    this.#work = work;
    this.#nextStepAt = this.#options.clock.now() + nextStepMs;
  }

  get #now(): number {
    return this.#options.clock.wall();
  }
}
