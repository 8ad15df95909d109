import { rmSync } from 'node:fs';
import { DirectoryLockError, lockDirectory } from '@penstock/runtime';
import { writeDurably } from '@penstock/services';
import { MAX_DETAIL, type UpdaterOptions } from './context.ts';
import { UpgradeError } from './fetched-file.ts';
import { problemFile, type UpdaterProblem } from './problem.ts';
import { Updater } from './updater.ts';

/** Of two updaters, the second one has nothing to do: the first sees every request that it could see. */
export type UpdaterEnd = 'done' | 'busy' | 'held';

/** Durations in milliseconds until what failed is tried again. Each failure doubles the first, up to the other. */
export type RetryDelays = { readonly first: number; readonly max: number };

const defaultRetry: RetryDelays = { first: 5_000, max: 5 * 60_000 };

export type UpdaterRun = { readonly isBoot: boolean; readonly retry?: RetryDelays };

/**
 * Runs the updater of a host until nothing is left to do. It is the only one: another process that has begun before leaves it
 * nothing to do (`held`). At boot, it only brings the host into a state to start from, once, and `busy` says that there is more to
 * do. Otherwise what fails is tried again, at growing intervals, and `problem.json` says why.
 */
export async function runUpdater(options: UpdaterOptions, run: UpdaterRun): Promise<UpdaterEnd> {
  const { host, log } = options;
  try {
    using _lock = await lockDirectory(host.layout.updater, 'the state of the updater');
    const updater = new Updater(options);
    if (run.isBoot) return start(updater, options);
    await keepTrying(updater, options, run.retry ?? defaultRetry);
    return 'done';
  } catch (error) {
    if (!(error instanceof DirectoryLockError) || error.fault !== 'held') throw error;
    log('Another updater is at work.');
    return 'held';
  }
}

function start(updater: Updater, { log }: UpdaterOptions): UpdaterEnd {
  try {
    updater.recover(true);
    updater.catchUp();
    return updater.isBusy ? 'busy' : 'done';
  } catch (error) {
    // Agents start after this process, with what is there. The next one tries again.
    log(errorText(error));
    return 'busy';
  }
}

async function keepTrying(updater: Updater, options: UpdaterOptions, retry: RetryDelays): Promise<void> {
  const { host, log, clock } = options;
  let since: number | undefined;
  for (let delay = retry.first; ; delay = Math.min(2 * delay, retry.max)) {
    try {
      // First what the host runs from: a rollback needs no room on the disk. What is asked for next does.
      updater.recover(false);
      if (!updater.isBusy) updater.catchUp();
      // It goes on, which may take as long as a probation.
      setProblem(host.layout.updaterRuntime, undefined);
      await updater.run();
      updater.catchUp();
      return;
    } catch (error) {
      since ??= clock.wall();
      const detail = errorText(error).slice(0, MAX_DETAIL);
      log(`${detail} Trying again in ${Math.round(delay / 1_000)} s.`);
      const code = error instanceof UpgradeError ? error.code : 'INTERNAL';
      setProblem(host.layout.updaterRuntime, {
        format: 1,
        code,
        detail,
        since,
        nextAt: clock.wall() + delay,
      });
      await pauseOrRequest(options, delay);
    }
  }
}

/** Waits, but not longer than until somebody asks for something else: whoever freed space should not have to wait. */
async function pauseOrRequest({ host, limits, clock }: UpdaterOptions, delay: number): Promise<void> {
  const ids = () => [...host.requests()].map(({ request }) => request.id).join();
  const before = ids();
  const end = clock.now() + delay;
  while (clock.now() < end && ids() === before) {
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(Math.max(0, Math.min(limits.interval, end - clock.now())), resolve);
    await promise;
  }
}

function setProblem(directory: string, problem: UpdaterProblem | undefined): void {
  const file = problemFile(directory);
  try {
    if (problem === undefined) rmSync(file, { force: true });
    else writeDurably(file, JSON.stringify(problem), 0o644);
  } catch {
    // It is in the log too.
  }
}

const errorText = (error: unknown) => (error instanceof Error ? error.message : String(error));
