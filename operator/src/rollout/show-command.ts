import { RolloutDetail } from '@penstock/api-schema';
import {
  type Io,
  json,
  type OutputFormat,
  outputOption,
  type Style,
  styleFor,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { addRolloutWaitOptions, followProgress, type RolloutWaitOptions } from './follow-progress.ts';
import { stageText, targetText } from './rollout-text.ts';

type Options = RolloutWaitOptions & { readonly output: OutputFormat };

const HEAD: readonly TableColumn[] = [
  'GROUP',
  { title: 'AGENT', isWhole: true },
  { title: 'POOL', rank: 2 },
  'STATE',
  { title: 'SINCE', rank: 1 },
  'REASON',
];

export function showCommand(io: Io): Command {
  const command = new Command('show')
    .description('show a rollout: its stage, why it waits or was halted, and the state of each agent')
    .argument('<id>', 'ID of the rollout, as shown by rollout list')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway rollout show 019a0b1c-2d3e-7f4a-8b6c-0123456789ab --wait',
    )
    .action(async (id: string, { output, wait, timeout }: Options) => {
      const api = apiFromEnvironment(io);
      const rollout = wait
        ? await followProgress(io, api, id, timeout)
        : await api.ask(RolloutDetail, 'GET', `rollouts/${encodeURIComponent(id)}`);
      if (output === 'json') io.stdout.write(json(rollout));
      else printRollout(io, rollout);
    });
  return addRolloutWaitOptions(command);
}

export function printRollout(io: Io, rollout: RolloutDetail): void {
  const style = styleFor(io.stdout, io.environment);
  const now = Date.now();
  const { settings, overriddenBy, reason, createdBy, createdAt, onFailure } = rollout;
  io.stdout.write(
    table(
      ['', ''],
      [
        ['version', targetText(rollout)],
        ['pools', rollout.pools.join(', ')],
        ['state', colorOf(rollout.state, style)(stageText(rollout, now))],
        ['reason', reason],
        ['overridden by', overriddenBy],
        [
          'settings',
          `canaries ${settings.canaryPercent}%, soak ${settings.soakSeconds}s, in flight ${settings.inFlightPercent}%, ` +
            `deadline ${settings.deadlineSeconds}s, probation ${settings.probationSeconds}s, ` +
            `halts at ${settings.maxFailedPercent}% of a group and ${onFailure === 'halt' ? 'waits' : 'goes back'}`,
        ],
        ['created', `${relativeTime(createdAt, now)} by ${createdBy}`],
      ],
      io,
    ),
  );
  if (rollout.agents.length === 0) return;
  const rows = rollout.agents.map((agent) => [
    agent.state === 'skipped' ? '-' : agent.group === 0 ? 'canary' : String(agent.group),
    agent.name,
    agent.pool,
    colorOf(
      agent.state,
      style,
    )(agent.skipped === undefined ? agent.state : `${agent.state} (${agent.skipped})`),
    relativeTime(agent.since, now),
    [agent.reason, agent.action].filter((text) => text !== undefined).join(' '),
  ]);
  io.stdout.write(`\n${table(HEAD, rows, io)}`);
}

function colorOf(state: string, style: Style): (text: string) => string {
  if (state === 'done' || state === 'updated') return style.good;
  if (state === 'halted' || state === 'failed' || state === 'rolled-back' || state === 'rolling-back') {
    return style.bad;
  }
  return state === 'skipped' || state === 'pending' || state === 'cancelled' ? style.faint : style.warning;
}
