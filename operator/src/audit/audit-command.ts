import { AuditEntry } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, type TableColumn, table } from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { timeArgument } from '../time-argument.ts';
import { wholeNumber } from '../whole-number.ts';
import { actorNames } from './actor-names.ts';

type Options = {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
  readonly limit: number;
  readonly output: OutputFormat;
};

/** `audit list`: who changed what. */
export function auditCommand(io: Io): Command {
  const audit = new Command('audit')
    .description('who changed what, when and from where')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway audit list');
  audit
    .command('list')
    .description('list the audit trail, newest first')
    .option(
      '--actor <actor>',
      'only entries of this actor: admin-token:ID, agent:ID, enrollment-token:ID or host',
    )
    .option('--action <action>', 'only entries with this action, such as agent.revoke')
    .option('--subject <subject>', 'only entries about this subject, such as agent:ID')
    .option(
      '--since <time>',
      'only entries from this time on: 90m, 02:13, 2026-11-26T02:13:00Z',
      timeArgument,
    )
    .option('--until <time>', 'only entries before this time', timeArgument)
    .option(
      '--text <text>',
      'only entries with this text in the action, the subject, the actor or the values',
    )
    .option('--limit <number>', 'maximum number of entries', wholeNumber(1, 100_000), 50)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway audit list --action agent.revoke\n  $ penstock-gateway audit list --limit 1000 --output json',
    )
    .action((options: Options) => list(io, options));
  return audit;
}

const HEAD: readonly TableColumn[] = [
  'WHEN',
  'ACTOR',
  'ACTION',
  'SUBJECT',
  { title: 'FROM', rank: 2 },
  { title: 'BEFORE', rank: 3 },
  { title: 'AFTER', rank: 1 },
];

async function list(io: Io, { limit, output, ...query }: Options): Promise<void> {
  const api = apiFromEnvironment(io);
  const { items } = await everyPage(api, AuditEntry, 'audit', {
    query,
    maxItems: limit,
  });
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write('The audit trail has no matching entries.\n');
    return;
  }
  const names = await actorNames(
    api,
    items.map((entry) => entry.actor),
  );
  const now = Date.now();
  const rows = items.map((entry) => [
    relativeTime(entry.at, now),
    names.get(entry.actor) ?? entry.actor,
    entry.action,
    entry.subject,
    entry.address,
    brief(entry.before),
    brief(changed(entry)),
  ]);
  io.stdout.write(table(HEAD, rows, io));
}

/** The fields of `after` that differ from `before`. */
function changed({ before, after }: AuditEntry): unknown {
  if (!isRecord(before) || !isRecord(after)) return after;
  const differing = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value),
  );
  return Object.fromEntries(differing);
}

function brief(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value)) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, each]) => `${name}: ${typeof each === 'string' ? each : JSON.stringify(each)}`)
    .join(', ');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
