import { ClientList, DisconnectedClient } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, type TableColumn, table } from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { replicaText } from './log/entry-text.ts';

type Output = { readonly output: OutputFormat };

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  'CLIENT',
  { title: 'STATE', rank: 3 },
  { title: 'AGENT', rank: 1 },
  { title: 'GRANT', rank: 4 },
  { title: 'SINCE', rank: 2 },
  { title: 'FROM CLIENT', rank: 5 },
  { title: 'TO CLIENT', rank: 6 },
];

/** `connection clients`: who is connected now. */
export function connectionClientsCommand(io: Io): Command {
  return new Command('clients')
    .description('list the clients of a connection that are connected now, the longest first')
    .argument('<name>', 'name of the connection')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway connection clients orders')
    .action((name: string, { output }: Output) => list(io, name, output));
}

async function list(io: Io, name: string, output: OutputFormat): Promise<void> {
  const path = `connections/${encodeURIComponent(name)}/clients?limit=500`;
  const { items, total, missing } = await apiFromEnvironment(io).ask(ClientList, 'GET', path);
  if (output === 'json') {
    io.stdout.write(json({ items, total, ...(missing && { missing }) }));
    return;
  }
  if (missing !== undefined) {
    io.stderr.write(`${missing.join(' and ')} did not answer: the clients there are not listed.\n`);
  }
  if (items.length === 0) {
    io.stdout.write(`${name} has no clients.\n`);
    return;
  }
  const isReplicated = items.some(({ replica }) => replica !== undefined);
  const now = Date.now();
  const rows = items.map((each) => [
    each.id,
    `${each.client}:${each.clientPort}`,
    each.adriftSince === undefined ? each.state : 'adrift',
    each.agent,
    ...(isReplicated ? [replicaText(each)] : []),
    each.grant?.name,
    relativeTime(each.startedAt, now),
    each.bytesFromClient,
    each.bytesToClient,
  ]);
  const head = isReplicated ? HEAD.toSpliced(4, 0, { title: 'REPLICA', rank: 2 }) : HEAD;
  io.stdout.write(table(head, rows, io));
  if (total > items.length) io.stdout.write(`${total - items.length} more are connected.\n`);
}

/** `connection disconnect`: ends the connection of one client. */
export function connectionDisconnectCommand(io: Io): Command {
  return new Command('disconnect')
    .description('end the connection of a client; it may connect again')
    .argument('<id>', 'ID of the client, as shown by connection clients and connection log')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway connection disconnect 7214567890123456')
    .action((id: string, { output }: Output) => disconnect(io, id, output));
}

async function disconnect(io: Io, id: string, output: OutputFormat): Promise<void> {
  const path = `connection-log/${encodeURIComponent(id)}/disconnect`;
  const ended = await apiFromEnvironment(io).ask(DisconnectedClient, 'POST', path);
  io.stdout.write(
    output === 'json' ? json(ended) : `The connection of ${ended.client} to ${ended.connection} is closed.\n`,
  );
}
