import { checkConfig, readConfigText } from '@penstock/config-schema';
import { buildFacts } from '@penstock/release';
import { systemClock } from '@penstock/runtime';
import { runOnHost } from '@penstock/services';
import { exitCodes, type Io } from '@penstock/terminal';
import { defaultLimits, runUpdater, serveUpdater, systemdHost, type UpdaterLimits } from '@penstock/updater';
import { SOFTWARE_VERSION } from '@penstock/wire';
import { Command, InvalidArgumentError } from 'commander';
import { thisWindows } from './this-windows.ts';

const WINDOWS_INTERVAL_MS = 2_000;

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
  const platform = { os: process.platform, arch: process.arch };
  const log = (message: string) => io.stdout.write(`${message}\n`);
  const limits = limitsFor(probation * 1_000);
  const { rootKeys, sequence } = buildFacts;
  const shared = { limits, rootKeys, sequence, clock: systemClock, log };
  if (process.platform === 'win32') {
    const host = thisWindows({ environment: io.environment, platform, isUpgradeAllowed });
    // Each look starts programs.
    await serveUpdater({
      ...shared,
      host,
      limits: { ...limits, interval: WINDOWS_INTERVAL_MS },
      version: SOFTWARE_VERSION,
    });
    io.setExitCode(exitCodes.restart);
    return;
  }
  const host = systemdHost({ run: runOnHost, platform, isUpgradeAllowed });
  const options = { ...shared, host };
  const end = await runUpdater(options, { isBoot: boot });
  if (end === 'busy') runOnHost(['systemctl', 'start', '--no-block', 'penstock-updater.service']);
}

/**
 * Whether a file lets the control plane upgrade its agent, as far as it says so itself. A file that is not valid allows
 * nothing either, but for another reason: no version accepts it.
 */
function isUpgradeAllowed(file: string): boolean {
  const read = readConfigText(file);
  const checked = read.ok ? checkConfig('Agent', read.text, file) : read;
  if (!checked.ok) return true;
  const { policy } = checked.source.content as {
    readonly policy?: { readonly remote?: { readonly upgrade?: unknown } };
  };
  const upgrade = policy?.remote?.upgrade ?? 'deny';
  return upgrade !== 'deny';
}

/** A shorter probation has shorter parts, but a host under load has time to connect in each. */
function limitsFor(probation: number): UpdaterLimits {
  const { grace, settle, ...others } = defaultLimits;
  return {
    ...others,
    probation,
    grace: Math.min(grace, Math.max(probation, MIN_GRACE_MS)),
    settle: Math.min(settle, probation),
    maxProbation: Math.max(6 * probation, LEAST_MAX_PROBATION_MS),
  };
}

const MAX_PROBATION_SECONDS = 86_400;
const MIN_GRACE_MS = 10_000;
const LEAST_MAX_PROBATION_MS = 60_000;

function seconds(text: string): number {
  const number = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 1 && number <= MAX_PROBATION_SECONDS) return number;
  throw new InvalidArgumentError(`Must be an integer from 1 to ${MAX_PROBATION_SECONDS}.`);
}
