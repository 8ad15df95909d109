import {
  CommandError,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  styleFor,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import Type from 'typebox';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { wholeNumber } from '../whole-number.ts';

type Options = { readonly output: OutputFormat };
type ListOptions = Options & { readonly firing: boolean; readonly limit: number };

const Alert = Type.Object({
  id: Type.String(),
  state: Type.String(),
  condition: Type.String(),
  subject: Type.String(),
  sentence: Type.String(),
  detail: Type.String(),
  advice: Type.String(),
  since: Type.String(),
  firedAt: Type.String(),
  resolvedAt: Type.Optional(Type.String()),
});

const OneAlert = Type.Intersect([
  Alert,
  Type.Object({
    deliveries: Type.Array(
      Type.Object({
        receiver: Type.String(),
        kind: Type.String(),
        state: Type.String(),
        attempts: Type.Integer(),
        lastError: Type.Optional(Type.String()),
        settledAt: Type.Optional(Type.String()),
        nextAttemptAt: Type.Optional(Type.String()),
      }),
    ),
  }),
]);

const Tested = Type.Object({
  receiver: Type.String(),
  delivered: Type.Boolean(),
  milliseconds: Type.Integer(),
  detail: Type.String(),
});

/** `alert list|show|test`: what holds that should not, and whether those who must hear of it do. */
export function alertCommand(io: Io): Command {
  const alert = new Command('alert')
    .description('conditions that hold and should not, and who hears of them')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway alert list --firing');
  alert
    .command('list')
    .description('list the alerts of the last 30 days, newest first')
    .option('--firing', 'only those that are not over', false)
    .option('--limit <number>', 'how many alerts', wholeNumber(1, 100_000), 100)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway alert list --firing')
    .action((options: ListOptions) => list(io, options));
  alert
    .command('show')
    .description('show one alert, what to do about it and who has heard of it')
    .argument('<id>', 'the id of the alert, as alert list shows it')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway alert show 019a0b1c-2d3e-7f4a-8b6c-0123456789ab')
    .action((id: string, { output }: Options) => show(io, id, output));
  alert
    .command('test')
    .description('send a test message to a receiver, to see whether alerts would arrive')
    .argument('<receiver>', 'the name of a notify entry of gateway.yaml')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway alert test ops')
    .action((receiver: string, { output }: Options) => test(io, receiver, output));
  return alert;
}

const HEAD: readonly TableColumn[] = [
  { title: 'ID', rank: 4 },
  'STATE',
  'CONDITION',
  'SUBJECT',
  { title: 'SINCE', rank: 1 },
  { title: 'OVER', rank: 2 },
  { title: 'DETAIL', rank: 3 },
];

async function list(io: Io, { firing, limit, output }: ListOptions): Promise<void> {
  const query = firing ? { state: 'firing' } : {};
  const { items } = await everyPage(apiFromEnvironment(io), Alert, 'alerts', { query, most: limit });
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write(firing ? 'No alert fires.\n' : 'There was no alert within the last 30 days.\n');
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
  const alert = await apiFromEnvironment(io).ask(OneAlert, 'GET', `alerts/${encodeURIComponent(id)}`);
  if (output === 'json') {
    io.stdout.write(json(alert));
    return;
  }
  const now = Date.now();
  const rows = [
    ['state', alert.state],
    ['condition', `${alert.condition}: ${alert.sentence}`],
    ['subject', alert.subject],
    ['detail', alert.detail],
    ['since', relativeTime(alert.since, now)],
    ['over', relativeTime(alert.resolvedAt, now)],
    ['advice', alert.advice],
    ...alert.deliveries.map((each) => [
      `told ${each.receiver}`,
      `${each.kind}: ${each.state}${each.attempts > 1 ? `, ${each.attempts} attempts` : ''}${
        each.lastError === undefined ? '' : `. ${each.lastError}`
      }`,
    ]),
  ];
  io.stdout.write(table(['', ''], rows, io));
}

async function test(io: Io, receiver: string, output: OutputFormat): Promise<void> {
  const result = await apiFromEnvironment(io).ask(Tested, 'POST', 'alerts/test', { receiver });
  const { delivered, detail, milliseconds } = result;
  if (output === 'json') io.stdout.write(json(result));
  if (!delivered) {
    throw new CommandError(`The test message did not arrive at ${receiver}. ${detail}`, {
      suggestion: `Check the reference of webhook of ${receiver} under notify in gateway.yaml, and the way there from the gateway's host.`,
    });
  }
  if (output === 'json') return;
  io.stdout.write(`The test message has arrived at ${receiver} in ${milliseconds} ms. ${detail}\n`);
}
