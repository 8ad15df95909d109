import { SilenceResource } from '@penstock/api-schema';
import { alertConditions } from '@penstock/config-schema/vocabulary';
import {
  CommandError,
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { Command, Option } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { timeToLive } from '../credentials/time-to-live.ts';

type Options = { readonly output: OutputFormat };
type Silenced = {
  readonly condition?: string;
  readonly subject?: string;
  readonly pool?: string;
};
type CreateOptions = Options & Silenced & { readonly for: number; readonly comment: string };

/** `silence create|list|end`: alerts of which no receiver is notified for a while. */
export function silenceCommand(io: Io): Command {
  const silence = new Command('silence')
    .description('alerts of which no receiver is notified for a while')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway silence list');
  silence
    .command('create')
    .description('silence the alerts that match every given option')
    .addOption(new Option('--condition <condition>', 'only this condition').choices(alertConditions))
    .option('--subject <subject>', 'only this subject, such as agent:db-1; * at the end stands for anything')
    .option('--pool <pool>', 'only alerts of this pool')
    .requiredOption('--for <duration>', 'how long, such as 2h; at most 30d', timeToLive)
    .requiredOption('--comment <text>', 'why, for others')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway silence create --pool dc1 --for 2h --comment "switch replacement"',
    )
    .action((options: CreateOptions) => create(io, options));
  silence
    .command('list')
    .description('list the silences, newest first')
    .option('--active', 'only silences that have not ended', false)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway silence list --active')
    .action((options: Options & { readonly active: boolean }) => list(io, options));
  silence
    .command('end')
    .description('end a silence now')
    .argument('<id>', 'ID of the silence, as shown by silence list')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway silence end 019a0b1c-2d3e-7f4a-8b6c-0123456789ab')
    .action((id: string, options: Options) => end(io, id, options));
  return silence;
}

async function create(
  io: Io,
  { output, for: ttlSeconds, comment, ...options }: CreateOptions,
): Promise<void> {
  const { condition, subject, pool } = options;
  if (condition === undefined && subject === undefined && pool === undefined) {
    throw new CommandError('Nothing says which alerts to silence.', {
      exitCode: exitCodes.usage,
      suggestion: 'Specify at least one of --condition, --subject and --pool.',
    });
  }
  const body = {
    comment,
    ttlSeconds,
    ...(condition !== undefined && { condition }),
    ...(subject !== undefined && { subject }),
    ...(pool !== undefined && { pool }),
  };
  const silence = await apiFromEnvironment(io).ask(SilenceResource, 'POST', 'silences', body);
  if (output === 'json') io.stdout.write(json(silence));
  else io.stdout.write(`The silence ${silence.id} ends ${relativeTime(silence.endsAt, Date.now())}.\n`);
}

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  { title: 'STATE', rank: 1 },
  'ALERTS',
  { title: 'ENDS', rank: 2 },
  { title: 'BY', rank: 4 },
  { title: 'COMMENT', rank: 3 },
];

async function list(io: Io, { active, output }: Options & { readonly active: boolean }): Promise<void> {
  const query = active ? { state: 'active' } : {};
  const { items } = await everyPage(apiFromEnvironment(io), SilenceResource, 'silences', { query });
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write(active ? 'No alert is silenced.\n' : 'There are no silences.\n');
    return;
  }
  const now = Date.now();
  const rows = items.map(({ id, state, condition, subject, pool, endsAt, createdBy, comment }) => [
    id,
    state,
    [condition, subject, pool && `pool ${pool}`].filter(Boolean).join(', '),
    relativeTime(endsAt, now),
    createdBy,
    comment,
  ]);
  io.stdout.write(table(HEAD, rows, io));
}

async function end(io: Io, id: string, { output }: Options): Promise<void> {
  const silence = await apiFromEnvironment(io).ask(
    SilenceResource,
    'DELETE',
    `silences/${encodeURIComponent(id)}`,
  );
  if (output === 'json') io.stdout.write(json(silence));
  else io.stdout.write(`The silence ${id} has ended.\n`);
}
