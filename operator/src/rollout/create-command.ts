import { type NewRollout, RolloutDetail, RolloutPreview } from '@penstock/api-schema';
import { CommandError, type Io, json, type OutputFormat, outputOption } from '@penstock/terminal';
import { Command, Option } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { timeToLive } from '../credentials/time-to-live.ts';
import { wholeNumber } from '../whole-number.ts';
import { addRolloutWaitOptions, followProgress, type RolloutWaitOptions } from './follow-progress.ts';
import { printPreview } from './preview-text.ts';

type Options = RolloutWaitOptions & {
  readonly output: OutputFormat;
  readonly pool: readonly string[];
  readonly config?: number;
  readonly software?: string;
  readonly canary?: number;
  readonly soak?: number;
  readonly groupSoak?: number;
  readonly inFlight?: number;
  readonly deadline?: number;
  readonly probation?: number;
  readonly maxFailed?: number;
  readonly onFailure: 'roll-back' | 'halt';
  readonly dryRun: boolean;
};

const percent = wholeNumber(1, 100);
const fromFile = 'default: `upgrade` of the pool in gateway.yaml';

export function createCommand(io: Io): Command {
  const duration = (flag: string, text: string) =>
    new Option(`${flag} <duration>`, text).argParser(timeToLive);
  const share = (flag: string, text: string) => new Option(`${flag} <percent>`, text).argParser(percent);
  const command = new Command('create')
    .description('roll out a published configuration, or a version of the software')
    .requiredOption('--pool <pool...>', 'the pool; several for a version of the software')
    .addOption(
      new Option('--config <version>', 'published version of agent.yaml to roll out')
        .argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER))
        .conflicts('software'),
    )
    .option('--software <version>', 'version of the software to roll out')
    .addOption(share('--canary', `share of the agents that are canaries; ${fromFile}`))
    .addOption(duration('--soak', 'how long the canaries are observed, such as 30m'))
    .addOption(duration('--group-soak', 'how long each group is observed'))
    .addOption(share('--in-flight', 'share of a pool that changes at the same time'))
    .addOption(duration('--deadline', 'time for an agent to run the version'))
    .addOption(duration('--probation', 'how long an agent must run it without a fault'))
    .addOption(share('--max-failed', 'share of a group that must fail to halt the rollout'))
    .addOption(
      new Option('--on-failure <action>', 'what follows when too many agents have failed')
        .choices(['roll-back', 'halt'])
        .default('roll-back'),
    )
    .option('--dry-run', 'only print which agents would be in which group', false)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExamples:\n  $ penstock-gateway rollout create --pool dc1 --config 14 --wait\n  $ penstock-gateway rollout create --pool dc1 dc2 --software 1.2.0 --dry-run',
    )
    .action((options: Options) => create(io, options));
  return addRolloutWaitOptions(command);
}

async function create(io: Io, options: Options): Promise<void> {
  const body = bodyOf(options);
  const api = apiFromEnvironment(io);
  if (options.dryRun) {
    const preview = await api.ask(RolloutPreview, 'POST', 'rollouts/preview', body);
    if (options.output === 'json') io.stdout.write(json(preview));
    else printPreview(io, preview);
    return;
  }
  const rollout = await api.ask(RolloutDetail, 'POST', 'rollouts', body);
  const ended = options.wait ? await followProgress(io, api, rollout.id, options.timeout) : rollout;
  if (options.output === 'json') io.stdout.write(json(ended));
  else if (!options.wait) {
    io.stdout.write(
      `Rollout ${rollout.id} has ${rollout.agents.length} agents. Follow it: penstock-gateway rollout show ${rollout.id}\n`,
    );
  }
}

function bodyOf(options: Options): NewRollout {
  const { pool: pools, config, software, onFailure } = options;
  const [pool = ''] = pools;
  if (config === undefined && software === undefined) {
    throw new CommandError('Neither --config nor --software is set.', {
      suggestion: 'Set the version to roll out: penstock-gateway rollout create --pool dc1 --config 14',
    });
  }
  if (config !== undefined && pools.length > 1) {
    throw new CommandError(
      'A configuration is published for one pool, so it can be rolled out in one only.',
      {
        suggestion: 'Create a rollout for each pool.',
      },
    );
  }
  const settings = {
    canaryPercent: options.canary,
    soakSeconds: options.soak,
    groupSoakSeconds: options.groupSoak,
    inFlightPercent: options.inFlight,
    deadlineSeconds: options.deadline,
    probationSeconds: options.probation,
    maxFailedPercent: options.maxFailed,
  };
  const set = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return {
    ...(config !== undefined && { config: { pool, version: config } }),
    ...(software !== undefined && { software: { pools: [...pools], version: software } }),
    settings: set,
    onFailure,
  };
}
