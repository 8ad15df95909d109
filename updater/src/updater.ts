import { setImmediate as breathe } from 'node:timers/promises';
import type { Sequences } from '@penstock/release';
import type { Clock } from '@penstock/runtime';
import { isVersionFailure, type UpgradeCode } from '@penstock/wire';
import { UpgradeError } from './fetched-file.ts';
import type { ManagedService, UpdaterHost, UpdaterLimits } from './host.ts';
import {
  emptyJournal,
  type Journal,
  type Phase,
  readJournal,
  type ServiceBefore,
  type Upgrade,
  writeJournal,
} from './journal.ts';
import { point, repairPointers } from './pointers.ts';
import { Probation } from './probation.ts';
import type { UpgradeRequest } from './request.ts';
import { stage, verified } from './stage.ts';
import { agentOf, currentVersion, pruneVersions, removePartial, stableVersion } from './version-folders.ts';

/** Points in time at which tests cut the power. Each is right after the step that it names. */
export const cutPoints = [
  'staging-written',
  'version-added',
  'staged-written',
  'switching-written',
  'pointer-moved',
  'restarted',
  'probation-written',
  'resumed',
  'stable-moved',
  'committed-written',
  'rolling-back-written',
  'pointer-back',
  'restarted-back',
  'rolled-back-written',
] as const;
export type CutPoint = (typeof cutPoints)[number];

export type UpdaterOptions = {
  readonly host: UpdaterHost;
  readonly limits: UpdaterLimits;
  /** `buildFacts.rootKeys` of this build. */
  readonly rootKeys: readonly string[];
  readonly clock: Clock;
  readonly log: (message: string) => void;
  /** Called at each point, for tests. */
  readonly reached?: (point: CutPoint) => void;
};

type Attempt = Extract<Phase, { name: 'probation' }>;

const MAX_FAILED_VERSIONS = 16;
const MAX_DETAIL = 500;

/**
 * Switches the version of a host's agents. Everything that it has decided is in the journal before it acts, and each action
 * can be repeated: a process that is killed anywhere is continued by the next one. There must be one at a time.
 */
export class Updater {
  readonly #host: UpdaterHost;
  readonly #options: UpdaterOptions;
  #journal: Journal;
  /** The request in progress. It counts as handled once its outcome is in the journal: until then, it is done again. */
  #handling: Readonly<Record<string, string>> = {};

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#journal = readJournal(this.#directory) ?? emptyJournal;
  }

  get journal(): Journal {
    return this.#journal;
  }

  /**
   * Brings what an earlier process has left into a state from which this host runs, without waiting for anything. At boot, it
   * runs before the agents, which then start with the right version.
   */
  recover(isBoot: boolean): void {
    for (const repair of repairPointers(this.#host.layout)) this.#options.log(repair);
    removePartial(this.#host.layout);
    const { phase } = this.#journal;
    switch (phase.name) {
      case 'staging':
        // The request is still there, or comes again.
        this.#enter({ name: 'idle' });
        break;
      case 'switching':
      case 'probation':
        this.#resume(phase, isBoot);
        break;
      case 'rolling-back':
        this.#goBack(phase, isBoot);
        break;
      default:
        this.#adoptCurrent();
    }
  }

  /** Whether something is left that needs this process to stay or to come back. */
  get isBusy(): boolean {
    const { name } = this.#journal.phase;
    return name === 'switching' || name === 'probation' || name === 'rolling-back' || name === 'staging';
  }

  /** Does what is left to do and what is asked for. Resolves when that is nothing. */
  async run(): Promise<void> {
    for (;;) {
      await this.#finish();
      const { requests } = this.#journal;
      const next = [...this.#host.requests()].find(({ source, request }) => requests[source] !== request.id);
      if (next === undefined) return;
      const { source, request } = next;
      this.#handling = { [source]: request.id };
      await this.#handle(request);
      this.#save(this.#marked(this.#journal));
      this.#handling = {};
    }
  }

  async #handle(request: UpgradeRequest): Promise<void> {
    const { phase } = this.#journal;
    const isStaged = phase.name === 'staged' && phase.upgrade.to === request.to;
    if (request.cancel === true) {
      if (isStaged) this.#enter({ ...phase, name: 'failed', code: 'CANCELLED', detail: 'It was withdrawn.' });
      return;
    }
    const from = currentVersion(this.#host.layout);
    if (from === undefined) {
      this.#options.log('No version is installed on this host, so there is none to switch from.');
      return;
    }
    // Also the answer to a repeated request: nothing is left to do.
    if (request.to === from && !isStaged) return;
    const { rollout, files } = request;
    const upgrade: Upgrade = {
      from,
      to: request.to,
      back: request.back === true,
      keep: request.keep ?? 2,
      ...(rollout !== undefined && { rollout }),
      ...(files !== undefined && { files }),
    };
    await this.#failing(upgrade, async () => {
      this.#admit(request);
      if (!isStaged) await this.#stage(upgrade);
      if (request.until !== undefined) this.#switch(upgrade, request.until);
    });
  }

  /** Runs a part of an upgrade, and ends the upgrade if that throws. */
  async #failing(upgrade: Upgrade, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const code = error instanceof UpgradeError ? error.code : 'INTERNAL';
      const detail = error instanceof Error ? error.message : String(error);
      this.#options.log(`The upgrade to ${upgrade.to} failed (${code}): ${detail}`);
      this.#enter({ name: 'failed', upgrade, code, detail: detail.slice(0, MAX_DETAIL) });
    }
  }

  /** Throws UpgradeError if the version has failed here and nobody says retry. */
  #admit({ to, retry, back }: UpgradeRequest): void {
    const known = this.#journal.failed.find(({ version }) => version === to);
    if (known === undefined || back === true) return;
    if (retry !== true) {
      const at = new Date(known.at).toISOString();
      throw new UpgradeError('KNOWN_BAD', `${to} failed on this host at ${at} (${known.code}).`);
    }
    this.#save({ ...this.#journal, failed: this.#journal.failed.filter(({ version }) => version !== to) });
  }

  async #stage(upgrade: Upgrade): Promise<void> {
    this.#enter({ name: 'staging', upgrade });
    this.#reach('staging-written');
    await stage(upgrade, this.#journal, this.#stageOptions);
    this.#reach('version-added');
    this.#enter({ name: 'staged', upgrade });
    this.#reach('staged-written');
  }

  #switch(upgrade: Upgrade, until: number): void {
    const { layout, boot } = this.#host;
    if (!upgrade.back) verified(upgrade, this.#journal, this.#stageOptions);
    const isClosed = () => this.#options.clock.wall() >= until;
    if (isClosed()) {
      this.#enter({ name: 'staged', upgrade, code: 'WINDOW_CLOSED' });
      return;
    }
    const services = this.#running().map(
      ({ name }): ServiceBefore => ({
        name,
        invocation: this.#host.observe(name).invocation,
        failing: [...(this.#host.health(name)?.failing ?? [])],
      }),
    );
    const attempt = { upgrade, attempt: 1, boot, services };
    this.#enter({ name: 'switching', ...attempt });
    this.#reach('switching-written');
    if (isClosed()) {
      // This host slept, or was stopped, in between.
      this.#enter({ name: 'staged', upgrade, code: 'WINDOW_CLOSED' });
      return;
    }
    point(layout.current, upgrade.to);
    this.#reach('pointer-moved');
    if (isClosed()) {
      point(layout.current, upgrade.from);
      this.#enter({ name: 'staged', upgrade, code: 'WINDOW_CLOSED' });
      return;
    }
    for (const { name } of services) this.#host.restart(name);
    this.#reach('restarted');
    this.#enter({ name: 'probation', ...attempt });
    this.#reach('probation-written');
  }

  /** Continues a switch, or a probation, that was interrupted. */
  #resume(phase: Extract<Phase, { name: 'switching' | 'probation' }>, isBoot: boolean): void {
    const { layout, boot } = this.#host;
    const { upgrade } = phase;
    const current = currentVersion(layout);
    if (current !== upgrade.from && current !== upgrade.to) {
      this.#abandon(upgrade, phase.services);
      return;
    }
    const attempt = phase.attempt + 1;
    if (attempt > this.#options.limits.attempts) {
      this.#rollBack(phase, 'INTERRUPTED', `It was interrupted ${phase.attempt} times.`, isBoot);
      return;
    }
    const isNewBoot = phase.boot !== boot;
    const services = isNewBoot
      ? phase.services.map(({ name, failing }) => ({ name, failing, invocation: '' }))
      : phase.services;
    // First the attempt, so that a host that dies of what follows does not do so for ever.
    this.#enter({ ...phase, name: 'switching', attempt, boot, services });
    point(layout.current, upgrade.to);
    if (!isBoot) {
      for (const { name, invocation } of services) {
        // Still the process of the previous version: the restart was lost.
        if (phase.name === 'switching' && !isNewBoot && this.#host.observe(name).invocation === invocation)
          this.#host.restart(name);
      }
    }
    this.#enter({ ...phase, name: 'probation', attempt, boot, services });
    this.#reach('resumed');
  }

  /** Waits for a probation to end. Resolves immediately if there is none. */
  async #finish(): Promise<void> {
    const { phase } = this.#journal;
    if (phase.name !== 'probation') return;
    const { clock, limits } = this.#options;
    const watches = phase.services.map((service) => ({
      name: service.name,
      probation: new Probation(
        {
          version: phase.upgrade.to,
          before: service.invocation,
          successor: service.successor,
          failing: service.failing,
          limits,
        },
        clock.now(),
      ),
      isGood: false,
    }));
    for (;;) {
      const current = currentVersion(this.#host.layout);
      if (current !== phase.upgrade.to) {
        this.#abandon(phase.upgrade, phase.services);
        return;
      }
      if (this.#isWithdrawn(phase.upgrade)) {
        this.#rollBack(phase, 'REQUESTED', 'It was asked for during the probation.', false);
        return;
      }
      for (const watch of watches) {
        const verdict = this.#look(watch.name, watch.probation, phase);
        if (verdict.name === 'bad') {
          this.#rollBack(phase, verdict.code, `${watch.name}: ${verdict.detail}`, false);
          return;
        }
        watch.isGood = verdict.name === 'good';
      }
      this.#remember(phase, watches);
      if (watches.every(({ isGood }) => isGood)) {
        this.#commit(phase.upgrade);
        return;
      }
      await this.#pause(limits.interval);
    }
  }

  /** Whether somebody asks to go back to the version before. */
  #isWithdrawn({ from }: Upgrade): boolean {
    const { requests } = this.#journal;
    for (const { source, request } of this.#host.requests()) {
      if (requests[source] === request.id || request.back !== true || request.to !== from) continue;
      this.#save({ ...this.#journal, requests: { ...requests, [source]: request.id } });
      return true;
    }
    return false;
  }

  #look(name: string, probation: Probation, { upgrade }: Attempt) {
    const { clock } = this.#options;
    const health = this.#host.health(name);
    const fresh = health !== undefined && this.#isFresh(health.at) ? health : undefined;
    const verdict = probation.look(clock.now(), this.#host.observe(name), fresh);
    if (verdict.name !== 'compare') return verdict;
    const service = this.#host.services().find((one) => one.name === name);
    const reaches =
      service !== undefined && this.#host.reaches(agentOf(this.#host.layout, upgrade.from), service);
    return probation.compared(clock.now(), reaches, fresh);
  }

  /** Keeps the invocation of a new process: the next updater must know whether it is another one. */
  #remember(
    phase: Attempt,
    watches: readonly { readonly name: string; readonly probation: Probation }[],
  ): void {
    const { phase: present } = this.#journal;
    if (present.name !== 'probation') return;
    const services = present.services.map((service) => {
      const successor = watches.find(({ name }) => name === service.name)?.probation.successor;
      return successor === undefined ? service : { ...service, successor };
    });
    if (services.some(({ successor }, index) => successor !== present.services[index]?.successor))
      this.#save({ ...this.#journal, phase: { ...phase, services } });
  }

  #commit(upgrade: Upgrade): void {
    const { layout } = this.#host;
    point(layout.stable, upgrade.to);
    this.#reach('stable-moved');
    const seen = this.#journal.seen;
    this.#save({
      ...this.#journal,
      phase: { name: 'committed', upgrade },
      since: this.#options.clock.wall(),
      previous: upgrade.from,
      // What the release's sequence is was verified when it was staged.
      seen: { ...seen, release: Math.max(seen.release, this.#sequenceOf(upgrade)) },
    });
    this.#reach('committed-written');
    pruneVersions(layout, [upgrade.from], upgrade.keep);
    this.#options.log(`${upgrade.to} is committed.`);
  }

  #sequenceOf(upgrade: Upgrade): number {
    if (upgrade.back) return 0;
    try {
      return verified(upgrade, this.#journal, this.#stageOptions).release.sequence;
    } catch {
      // The files are gone, or the release was revoked in the meantime. It runs, and its sequence is unknown.
      return 0;
    }
  }

  #rollBack(
    { upgrade, services }: Pick<Attempt, 'upgrade' | 'services'>,
    code: UpgradeCode,
    detail: string,
    isBoot: boolean,
  ): void {
    this.#options.log(`${upgrade.to} is rolled back (${code}): ${detail}`);
    const phase: Extract<Phase, { name: 'rolling-back' }> = {
      name: 'rolling-back',
      upgrade,
      code,
      detail: detail.slice(0, MAX_DETAIL),
      // What somebody has stopped stays stopped.
      services: services
        .map(({ name }) => name)
        .filter((name) => this.#host.observe(name).state !== 'stopped' || code !== 'SERVICE_STOPPED'),
    };
    // A disk that is full must not keep a broken version running.
    this.#attempting(() => this.#enter(phase));
    this.#reach('rolling-back-written');
    this.#goBack(phase, isBoot);
  }

  /** At boot, the services start after this. */
  #goBack(
    { upgrade, code, detail, services }: Extract<Phase, { name: 'rolling-back' }>,
    isBoot: boolean,
  ): void {
    point(this.#host.layout.current, upgrade.from);
    this.#reach('pointer-back');
    if (!isBoot) for (const name of services) this.#host.restart(name);
    this.#reach('restarted-back');
    const failed = this.#journal.failed.filter(({ version }) => version !== upgrade.to);
    const at = this.#options.clock.wall();
    const journal: Journal = {
      ...this.#journal,
      phase: { name: 'rolled-back', upgrade, code, detail },
      since: at,
      failed: isVersionFailure(code)
        ? [...failed, { version: upgrade.to, code, at }].slice(-MAX_FAILED_VERSIONS)
        : failed,
    };
    this.#attempting(() => this.#save(journal));
    this.#journal = journal;
    this.#reach('rolled-back-written');
  }

  /** Something else has moved the pointer. It knows better: what it points to becomes the stable version. */
  #abandon(upgrade: Upgrade, services: readonly ServiceBefore[]): void {
    const current = currentVersion(this.#host.layout);
    if (current === upgrade.from) {
      // Moved back by hand.
      this.#rollBack(
        { upgrade, services: [...services] },
        'POINTER_MOVED',
        'It was moved back by hand.',
        false,
      );
      return;
    }
    const detail = `The current version is ${current ?? 'none'}, which this updater has not chosen.`;
    this.#options.log(detail);
    this.#enter({ name: 'rolled-back', upgrade, code: 'POINTER_MOVED', detail });
    this.#adoptCurrent();
  }

  #adoptCurrent(): void {
    const { layout } = this.#host;
    const current = currentVersion(layout);
    const stable = stableVersion(layout);
    if (current === undefined || current === stable) return;
    point(layout.stable, current);
    this.#options.log(`${current} was installed without this updater, and is the stable version now.`);
    if (stable !== undefined) this.#save({ ...this.#journal, previous: stable });
  }

  /** Services that run now: one that somebody has stopped is not started by an upgrade. */
  #running(): readonly ManagedService[] {
    return this.#host.services().filter(({ name }) => this.#host.observe(name).state !== 'stopped');
  }

  #isFresh(at: number): boolean {
    return Math.abs(this.#options.clock.wall() - at) <= this.#options.limits.healthTimeout;
  }

  get #directory(): string {
    return this.#host.layout.updater;
  }

  get #stageOptions() {
    return {
      host: this.#host,
      rootKeys: this.#options.rootKeys,
      now: this.#options.clock.wall(),
      onSeen: (seen: Sequences) => this.#save({ ...this.#journal, seen }),
    };
  }

  #enter(phase: Phase): void {
    const journal = { ...this.#journal, phase, since: this.#options.clock.wall() };
    this.#save(phase.name === 'staging' || phase.name === 'staged' ? journal : this.#marked(journal));
  }

  #marked(journal: Journal): Journal {
    return { ...journal, requests: { ...journal.requests, ...this.#handling } };
  }

  #save(journal: Journal): void {
    writeJournal(this.#directory, journal);
    this.#journal = journal;
  }

  /** Does what may fail without consequences for the rest. */
  #attempting(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.log(`The journal cannot be written: ${error instanceof Error ? error.message : error}`);
    }
  }

  #reach(point: CutPoint): void {
    this.#options.reached?.(point);
  }

  async #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options.clock.after(milliseconds, resolve);
    await promise;
    await breathe();
  }
}
