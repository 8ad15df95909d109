import { AlertDetail, AlertResource, adviceText } from '@penstock/api-schema';
import {
  type Io,
  json,
  type OutputFormat,
  outputOption,
  styleFor,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { wholeNumber } from '../whole-number.ts';

type Options = { readonly output: OutputFormat };
type ListOptions = Options & { readonly firing: boolean; readonly limit: number };

/** `alert list|show`: firing and resolved alerts, and their notifications. */
export function alertCommand(io: Io): Command {
  const alert = new Command('alert')
    .description('alerts and their notifications')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway alert list --firing');
  alert
    .command('list')
    .description('list the alerts of the last 30 days, newest first')
    .option('--firing', 'only alerts that are firing', false)
    .option('--limit <number>', 'maximum number of alerts', wholeNumber(1, 100_000), 100)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway alert list --firing')
    .action((options: ListOptions) => list(io, options));
  alert
    .command('show')
    .description('show an alert, what to do about it, and its notifications')
    .argument('<id>', 'ID of the alert, as shown by alert list')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway alert show 019a0b1c-2d3e-7f4a-8b6c-0123456789ab')
    .action((id: string, { output }: Options) => show(io, id, output));
  return alert;
}

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  { title: 'STATE', rank: 2 },
  'CONDITION',
  { title: 'SUBJECT', rank: 1 },
  { title: 'SINCE', rank: 3 },
  { title: 'RESOLVED', rank: 4 },
  { title: 'DETAIL', rank: 5 },
];

async function list(io: Io, { firing, limit, output }: ListOptions): Promise<void> {
  const query = firing ? { state: 'firing' } : {};
  const { items } = await everyPage(apiFromEnvironment(io), AlertResource, 'alerts', {
    query,
    maxItems: limit,
  });
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write(firing ? 'No alert is firing.\n' : 'There were no alerts in the last 30 days.\n');
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const now = Date.now();
  const rows = items.map(({ id, state, condition, subject, since, resolvedAt, detail }) => [
    id,
    (state === 'firing' ? style.bad : style.good)(state),
    condition,
    subject,
    relativeTime(since, now),
    relativeTime(resolvedAt, now),
    detail,
  ]);
  io.stdout.write(table(HEAD, rows, io));
}

async function show(io: Io, id: string, output: OutputFormat): Promise<void> {
  const alert = await apiFromEnvironment(io).ask(AlertDetail, 'GET', `alerts/${encodeURIComponent(id)}`);
  if (output === 'json') {
    io.stdout.write(json(alert));
    return;
  }
  const now = Date.now();
  const rows = [
    ['state', alert.state],
    ['condition', `${alert.condition}: ${alert.message}`],
    ['subject', alert.subject],
    ['detail', alert.detail],
    ['since', relativeTime(alert.since, now)],
    ['resolved', relativeTime(alert.resolvedAt, now)],
    ['advice', adviceText(alert)],
    ...alert.notifications.map((each) => [
      `notified ${each.receiver}`,
      `${each.kind}: ${each.state}${each.attempts > 1 ? `, ${each.attempts} attempts` : ''}${
        each.lastError === undefined ? '' : `. ${each.lastError}`
      }`,
    ]),
  ];
  io.stdout.write(table(['', ''], rows, io));
}
