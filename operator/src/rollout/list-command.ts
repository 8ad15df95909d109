import { RolloutResource } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, type TableColumn, table } from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { stageText, targetText } from './rollout-text.ts';

type Options = { readonly output: OutputFormat; readonly all: boolean };

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  'VERSION',
  'POOLS',
  'STATE',
  { title: 'CREATED', rank: 2 },
  { title: 'REASON', rank: 1 },
];

export function listCommand(io: Io): Command {
  return new Command('list')
    .description('list the rollouts in progress, newest first')
    .option('--all', 'include rollouts that have ended', false)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway rollout list --all')
    .action(async ({ output, all }: Options) => {
      const api = apiFromEnvironment(io);
      const query = all ? {} : { state: 'open' };
      const { items } = await everyPage(api, RolloutResource, 'rollouts', { query });
      if (output === 'json') {
        io.stdout.write(json({ items }));
        return;
      }
      if (items.length === 0) {
        io.stdout.write(all ? 'There are no rollouts.\n' : 'No rollout is in progress.\n');
        return;
      }
      const now = Date.now();
      const rows = items.map((each) => [
        each.id,
        targetText(each),
        each.pools.join(', '),
        stageText(each, now),
        relativeTime(each.createdAt, now),
        each.reason,
      ]);
      io.stdout.write(table(HEAD, rows, io));
    });
}
