import { ConnectionResource } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, type TableColumn, table } from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { connectionClientsCommand, connectionDisconnectCommand } from './client-commands.ts';
import { explainConnection } from './connection-explain.ts';
import { connectionUrlCommand } from './connection-url-command.ts';
import { connectionLogCommand } from './log/connection-log-command.ts';

/** `connection list|url|explain|log|clients|disconnect`: connections, their activity, and how clients use them. */
export function connectionCommand(io: Io): Command {
  const connection = new Command('connection')
    .description('connections that clients use')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway connection list');
  connection
    .command('list')
    .description('list the connections with their listeners and activity')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway connection list')
    .action(({ output }: { readonly output: OutputFormat }) => list(io, output));
  connection.addCommand(connectionUrlCommand(io));
  connection
    .command('explain')
    .description(
      'explain why a connection works or does not: how far it gets, and what happened to the most recent clients',
    )
    .argument('<name>', 'name of the connection')
    .option('--client <address>', 'IP address of a client: says whether it is allowed, and by which range')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway connection explain orders\n' +
        '  $ penstock-gateway connection explain orders --client 10.1.2.3',
    )
    .action((name: string, options: { readonly output: OutputFormat; readonly client?: string }) =>
      explainConnection(io, name, options),
    );
  connection.addCommand(connectionLogCommand(io));
  connection.addCommand(connectionClientsCommand(io));
  connection.addCommand(connectionDisconnectCommand(io));
  return connection;
}

const HEAD: readonly TableColumn[] = [
  { title: 'NAME', isWhole: true },
  { title: 'CONNECTOR', rank: 3 },
  { title: 'POOLS', rank: 4 },
  'LISTENS ON',
  { title: 'OPEN', rank: 1 },
  { title: 'WAITING', rank: 2 },
  { title: 'OPENED', rank: 6 },
  { title: 'FAILED', rank: 5 },
  { title: 'DENIED', rank: 7 },
];

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items } = await everyPage(apiFromEnvironment(io), ConnectionResource, 'connections');
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write('gateway.yaml has no connections.\n');
    return;
  }
  const rows = items.map(
    ({ name, connector, pools, ingress, open, waiting, openedTotal, failedTotal, deniedTotal }) => [
      name,
      connector,
      pools.join(', '),
      ingress
        .map(({ kind, address, port }) => {
          const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
          return kind === 'tcp' ? place : `${place} ${kind}`;
        })
        .join(', '),
      open,
      waiting,
      openedTotal,
      failedTotal,
      deniedTotal,
    ],
  );
  io.stdout.write(table(HEAD, rows, io));
}
