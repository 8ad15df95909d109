import { buildFacts } from '@penstock/release';
import { DirectoryLockError, lockDirectory, systemClock } from '@penstock/runtime';
import { runOnHost } from '@penstock/services';
import type { Io } from '@penstock/terminal';
import { defaultLimits, systemdHost, Updater, type UpdaterLimits } from '@penstock/updater';
import { Command, InvalidArgumentError } from 'commander';

type Options = { readonly boot: boolean; readonly probation: number };

/** `updater`: what the units of the updater run, as root. Hidden: nobody types it. */
export function updaterCommand(io: Io): Command {
  return new Command('updater')
    .description('stage, switch and watch versions as the agents of this host ask; run by its units')
    .option('--boot', 'only finish what a power cut has interrupted, before the agents start', false)
    .option(
      '--probation <seconds>',
      'time without a restart until a version is committed',
      seconds,
      defaultLimits.probation / 1_000,
    )
    .addHelpText('after', '\nExample:\n  # penstock-agent updater --boot')
    .action((options: Options) => run(io, options));
}

async function run(io: Io, { boot, probation }: Options): Promise<void> {
  const host = systemdHost({
    run: runOnHost,
    platform: { os: process.platform, arch: process.arch },
  });
  const log = (message: string) => io.stdout.write(`${message}\n`);
  let lock: Disposable;
  try {
    lock = await lockDirectory(host.layout.updater, 'the state of the updater');
  } catch (error) {
    if (!(error instanceof DirectoryLockError) || error.fault !== 'held') throw error;
    // It sees every request that this one could see.
    log('Another updater is at work.');
    return;
  }
  using _held = lock;
  const limits = limitsFor(probation * 1_000);
  const updater = new Updater({ host, limits, rootKeys: buildFacts.rootKeys, clock: systemClock, log });
  updater.recover(boot);
  if (!boot) await updater.run();
  else if (updater.isBusy) runOnHost(['systemctl', 'start', '--no-block', 'penstock-updater.service']);
}

/** Starts on a busy host take seconds. */
const MIN_READY_TIMEOUT_MS = 20_000;

/** A shorter probation has shorter parts. */
function limitsFor(probation: number): UpdaterLimits {
  const { grace, settle, readyTimeout, ...others } = defaultLimits;
  return {
    ...others,
    probation,
    grace: Math.min(grace, probation),
    settle: Math.min(settle, probation),
    readyTimeout: Math.min(readyTimeout, Math.max(MIN_READY_TIMEOUT_MS, probation)),
    maxProbation: 6 * probation,
  };
}

const MAX_PROBATION_SECONDS = 86_400;

function seconds(text: string): number {
  const number = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 1 && number <= MAX_PROBATION_SECONDS) return number;
  throw new InvalidArgumentError(`Must be an integer from 1 to ${MAX_PROBATION_SECONDS}.`);
}
