import {
  ConnectionLogEntry,
  ConnectionLogPage,
  connectionOutcomes,
  connectionStates,
} from '@penstock/api-schema';
import { CommandError, type Io, json, styleFor, type TableColumn, table } from '@penstock/terminal';
import { closeCodes } from '@penstock/wire';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ApiClient } from '../../api/api-client.ts';
import { apiFromEnvironment } from '../../api/api-from-environment.ts';
import { unknownFilter } from '../../api/did-you-mean.ts';
import { everyPage } from '../../api/pages.ts';
import { timeArgument } from '../../time-argument.ts';
import { wholeNumber } from '../../whole-number.ts';
import {
  bytesText,
  clientText,
  durationText,
  endText,
  entryLine,
  lastedMs,
  localTime,
  replicaText,
  resumedText,
  whyText,
} from './entry-text.ts';
import { followConnections } from './follow-connections.ts';

type Options = {
  readonly connection?: string;
  readonly client?: string;
  readonly agent?: string;
  readonly replica?: string;
  readonly code?: string;
  readonly state?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly follow?: true;
  readonly output: 'text' | 'wide' | 'json';
};

/** `connection log`: who was connected to what, and how it ended. */
export function connectionLogCommand(io: Io): Command {
  return new Command('log')
    .description('list open and closed client connections, and how each one ended')
    .option('--connection <name>', 'only clients of this connection')
    .option(
      '--client <client>',
      'only this address, address and port, name or ID of a grant, or subject of a client certificate',
    )
    .option('--agent <name>', 'only connections through this agent')
    .option('--replica <name>', 'only connections that this replica accepted or passed on')
    .option('--code <code>', 'only connections that ended with this close code, or ok', outcome)
    .addOption(new Option('--state <state>', 'only connections in this state').choices(connectionStates))
    .option(
      '--since <time>',
      'only connections that were open at this time or later: 90m (ago), 02:13, or 2026-11-26T02:13:00Z',
      timeArgument,
    )
    .option('--until <time>', 'only connections that started by this time', timeArgument)
    .option('--limit <number>', 'maximum number of connections, the newest', wholeNumber(1, 100_000), 50)
    .option('-f, --follow', 'keep printing connections as they open and end')
    .addOption(
      new Option('-o, --output <format>', 'output format').choices(['text', 'wide', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  Why did the job of 10.0.0.5 die at 02:13?',
        '  $ penstock-gateway connection log --client 10.0.0.5 --since 02:10 --until 02:15',
        '  Which connections were lost with a session in the last hour?',
        '  $ penstock-gateway connection log --code SESSION_LOST --since 1h',
        '  Watch the clients of orders:',
        '  $ penstock-gateway connection log --connection orders --follow',
      ].join('\n'),
    )
    .action((options: Options) => (options.follow === true ? follow(io, options) : list(io, options)));
}

function outcome(text: string): string {
  const known = [...Object.keys(connectionOutcomes), ...Object.keys(closeCodes)];
  const found = known.find((each) => each.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    `Must be ok or a close code, such as SESSION_LOST (docs/errors.md has them all).`,
  );
}

async function list(io: Io, { limit, output, follow: _, ...query }: Options): Promise<void> {
  const api = apiFromEnvironment(io);
  const { items } = await everyPage(api, ConnectionLogEntry, 'connection-log', { query, maxItems: limit });
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    await requireStored(api);
    // A connection or agent that is gone can still have entries, so a name alone is never refused.
    const unknown = await unknownFilter(api, { connections: query.connection, agents: query.agent });
    io.stdout.write(`No connection matches.${unknown === undefined ? '' : ` ${unknown}`}\n`);
    return;
  }
  io.stdout.write(tableOf(items, output === 'wide', io));
}

async function follow(io: Io, { limit, output, since, until, follow: _, ...filter }: Options): Promise<void> {
  if (until !== undefined) throw new CommandError('--follow has no end: omit --until.');
  const api = apiFromEnvironment(io);
  await followConnections({
    api,
    filter,
    since,
    limit,
    print: (entry) =>
      io.stdout.write(`${output === 'json' ? JSON.stringify(entry) : entryLine(entry, io)}\n`),
    onInterrupted: () => io.stderr.write('The gateway has ended the stream. Connecting again.\n'),
    signal: new AbortController().signal,
  });
}

/** An empty list must not suggest that no client has connected. */
async function requireStored(api: ApiClient): Promise<void> {
  const { store } = await api.ask(ConnectionLogPage, 'GET', 'connection-log?limit=1');
  if (store === 'on') return;
  throw new CommandError(
    'This gateway keeps no connection log: connectionLog.store is off in gateway.yaml.',
    {
      suggestion: 'Set it to on. With --follow, connections are shown as they open and end.',
    },
  );
}

type Column = readonly [TableColumn, (entry: ConnectionLogEntry) => string | number | undefined];

const replicaColumn: Column = [{ title: 'REPLICA', rank: 5 }, replicaText];

function tableOf(items: readonly ConnectionLogEntry[], isWide: boolean, io: Io): string {
  const style = styleFor(io.stdout, io.environment);
  const now = Date.now();
  const isReplicated = items.some(({ replica }) => replica !== undefined);
  const columns: readonly Column[] = [
    ['STARTED', ({ startedAt }) => localTime(startedAt)],
    [{ title: 'ENDED', rank: 1 }, ({ endedAt }) => endedAt && localTime(endedAt)],
    [{ title: 'CONNECTION', isWhole: true }, ({ connection }) => connection],
    [{ title: 'CLIENT', isWhole: true }, clientText],
    [{ title: 'AGENT', rank: 2, isWhole: true }, ({ agent }) => agent],
    ...(isReplicated ? [replicaColumn] : []),
    [{ title: 'OPENED IN', rank: 5 }, ({ openMs }) => openMs && durationText(openMs)],
    [{ title: 'LASTED', rank: 4 }, (entry) => orUndefined(lastedMs(entry, now), durationText)],
    [{ title: 'SENT', rank: 6 }, (entry) => traffic(entry, entry.bytesFromClient)],
    [{ title: 'RECEIVED', rank: 7 }, (entry) => traffic(entry, entry.bytesToClient)],
    ['OUTCOME', (entry) => endText(entry, style)],
    [{ title: 'WHY', rank: 3 }, whyText],
  ];
  const wide: readonly Column[] = [
    [{ title: 'ID', isWhole: true }, ({ id }) => id],
    ...columns,
    ['POOL', ({ pool }) => pool],
    ['CONNECTOR', ({ connector }) => connector],
    ['INGRESS', ({ ingress, ingressKind }) => [ingressKind, ingress].filter(Boolean).join(' ') || undefined],
    ['HOST', ({ host }) => host],
    ['GRANT', ({ grant }) => grant && `${grant.name} (${grant.id})`],
    ['SUBJECT', ({ subject }) => subject],
    ['ATTEMPTS', ({ attempts }) => attempts],
    ['RESUMED', resumedText],
  ];
  const shown = isWide ? wide : columns;
  const head = shown.map(([column]) =>
    isWide && typeof column !== 'string' ? { ...column, rank: 0 } : column,
  );
  return table(
    head,
    items.map((entry) => shown.map(([, cell]) => cell(entry))),
    io,
  );
}

const traffic = ({ state }: ConnectionLogEntry, bytes: number) =>
  state === 'open' || state === 'closed' ? bytesText(bytes) : undefined;

const orUndefined = (value: number | undefined, text: (value: number) => string) =>
  value === undefined ? undefined : text(value);
