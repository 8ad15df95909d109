import { pointTo } from '@penstock/services';
import { type Context, MAX_DETAIL, type UpdaterOptions } from './context.ts';
import { UpgradeError } from './fetched-file.ts';
import type { Journal, Upgrade } from './journal.ts';
import { JournalKeeper } from './journal-keeper.ts';
import { repairPointers } from './pointers.ts';
import { type OwnedRequest, ROOT, type UpgradeRequest } from './request.ts';
import { adoptCurrent, goBack } from './roll-back.ts';
import { stage } from './stage.ts';
import { stageOptions } from './stage-options.ts';
import { resumeSwitch, switchVersion } from './switch-version.ts';
import { currentVersion, pruneVersions, removePartial } from './version-folders.ts';
import { watchProbation } from './watch-probation.ts';

const DEFAULT_KEEP = 2;

type Asked = OwnedRequest & { readonly source: string };

/**
 * Switches the version of a host's agents. Everything that it has decided is in the journal before it acts, and each action
 * can be repeated: a process that is killed anywhere is continued by the next one. There must be one at a time.
 */
export class Updater {
  readonly #context: Context;

  constructor(options: UpdaterOptions) {
    const { host, clock, log } = options;
    const keeper = new JournalKeeper(host.layout.updater, clock, log);
    this.#context = { reached: () => {}, ...options, keeper };
  }

  get journal(): Journal {
    return this.#context.keeper.journal;
  }

  /** Whether something is left that needs this process to stay or to come back. */
  get isBusy(): boolean {
    return ['staging', 'switching', 'probation', 'rolling-back'].includes(this.journal.phase.name);
  }

  /** Writes what a full disk did not take. Throws UpgradeError if it still does not. */
  catchUp(): void {
    this.#context.keeper.catchUp();
  }

  /**
   * Brings what an earlier process has left into a state from which this host runs, without waiting for anything. At boot, it
   * runs before the agents, which then start with the right version.
   */
  recover(isBoot: boolean): void {
    const context = this.#context;
    for (const repair of repairPointers(context.host.layout)) context.log(repair);
    removePartial(context.host.layout);
    const { phase } = this.journal;
    switch (phase.name) {
      case 'staging':
        // The request is still there, or comes again.
        context.keeper.change({ phase: { name: 'idle' }, since: context.clock.wall() });
        break;
      case 'switching':
      case 'probation':
        resumeSwitch(context, phase, isBoot);
        break;
      case 'rolling-back':
        goBack(context, phase, isBoot);
        break;
      default:
        adoptCurrent(context);
    }
  }

  /** Does what is left to do and what is asked for. Resolves when that is nothing. */
  async run(): Promise<void> {
    const { host, keeper } = this.#context;
    for (;;) {
      const { phase, requests } = this.journal;
      if (phase.name === 'probation' && (await watchProbation(this.#context, phase)) === 'good')
        this.#commit(phase.upgrade);
      const next = [...host.requests()].filter(({ source, request }) => requests[source] !== request.id);
      if (next.length === 0) return;
      // Each has its turn: an agent that asks all the time must not keep the others waiting.
      for (const { source } of next) {
        // Read again: while another one was handled, it may have been replaced or withdrawn.
        const asked = [...host.requests()].find((each) => each.source === source);
        if (asked === undefined || requests[source] === asked.request.id) continue;
        await keeper.handling(asked.source, asked.request.id, () => this.#handle(asked));
        if (this.journal.phase.name === 'probation') break;
      }
    }
  }

  async #handle({ source, request, owner }: Asked): Promise<void> {
    const { host, keeper, log } = this.#context;
    const { phase } = this.journal;
    const isOfTarget = phase.name === 'staged' && phase.upgrade.to === request.to;
    const isStaged = isOfTarget && phase.upgrade.back === (request.back === true);
    if (request.cancel === true) {
      if (isOfTarget)
        keeper.enter({ ...phase, name: 'failed', code: 'CANCELLED', detail: 'It was withdrawn.' });
      return;
    }
    const from = currentVersion(host.layout);
    if (from === undefined) {
      log('No version is installed on this host, so there is none to switch from.');
      return;
    }
    // Also the answer to a repeated request: nothing is left to do.
    if (request.to === from) return;
    const { rollout, files } = request;
    const upgrade: Upgrade = {
      from,
      to: request.to,
      back: request.back === true,
      keep: request.keep ?? DEFAULT_KEEP,
      ...(rollout !== undefined && { rollout }),
      ...(files !== undefined && { files, owner }),
    };
    try {
      this.#admit(source, request);
      if (!isStaged) await this.#stage(upgrade);
      if (request.until !== undefined) switchVersion(this.#context, upgrade, request.until);
    } catch (error) {
      // A switch that has begun is continued or rolled back by the next process, which needs its phase.
      if (keeper.journal.phase.name === 'switching') throw error;
      const code = error instanceof UpgradeError ? error.code : 'INTERNAL';
      const detail = error instanceof Error ? error.message : String(error);
      log(`The upgrade to ${upgrade.to} failed (${code}): ${detail}`);
      keeper.enter({ name: 'failed', upgrade, code, detail: detail.slice(0, MAX_DETAIL) });
    }
  }

  /** Throws UpgradeError if the owner of an agent forbids it, or if the version has failed here and nobody says retry. */
  #admit(source: string, { to, retry, back }: UpgradeRequest): void {
    const { host, keeper } = this.#context;
    const { failed, revoked } = this.journal;
    if (source !== ROOT) {
      const denying = host.services().find((service) => !host.isUpgradeAllowed(service));
      if (denying !== undefined)
        throw new UpgradeError('DENIED_LOCALLY', `policy.remote.upgrade in ${denying.config} is deny.`);
      if (back === true && revoked?.includes(to) === true)
        throw new UpgradeError(
          'REVOKED',
          `${to} has been revoked since it ran here. Only root can return to it.`,
        );
    }
    const known = failed.find(({ version }) => version === to);
    if (known === undefined || back === true) return;
    if (retry !== true) {
      const at = new Date(known.at).toISOString();
      throw new UpgradeError('KNOWN_BAD', `${to} failed on this host at ${at} (${known.code}).`);
    }
    keeper.change({ failed: failed.filter(({ version }) => version !== to) });
  }

  async #stage(upgrade: Upgrade): Promise<void> {
    const { keeper, reached } = this.#context;
    keeper.enter({ name: 'staging', upgrade });
    reached('staging-written');
    await stage(upgrade, this.journal, stageOptions(this.#context));
    reached('version-added');
    keeper.enter({ name: 'staged', upgrade });
    reached('staged-written');
  }

  #commit(upgrade: Upgrade): void {
    const { host, keeper, clock, log, reached } = this.#context;
    const { seen } = this.journal;
    pointTo(host.layout, host.layout.stable, upgrade.to);
    reached('stable-moved');
    keeper.change({
      phase: { name: 'committed', upgrade },
      since: clock.wall(),
      previous: upgrade.from,
      seen: { ...seen, release: Math.max(seen.release, upgrade.sequence ?? 0) },
    });
    reached('committed-written');
    pruneVersions(host.layout, [upgrade.from], upgrade.keep);
    log(`${upgrade.to} is committed.`);
  }
}
