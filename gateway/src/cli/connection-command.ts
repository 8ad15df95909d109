import { type Io, json, type OutputFormat, outputOption, type TableColumn, table } from '@penstock/terminal';
import { Command } from 'commander';
import Type from 'typebox';
import { apiFromEnvironment } from './api-from-environment.ts';
import { everyPage } from './pages.ts';

const Connection = Type.Object({
  name: Type.String(),
  connector: Type.String(),
  pools: Type.Array(Type.String()),
  ingress: Type.Array(Type.Object({ address: Type.String(), port: Type.Integer() })),
  open: Type.Integer(),
  waiting: Type.Integer(),
  openedTotal: Type.Integer(),
  failedTotal: Type.Integer(),
});

/** `connection list`: the routes and what goes on there. */
export function connectionCommand(io: Io): Command {
  const connection = new Command('connection')
    .description('the routes clients take')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway connection list');
  connection
    .command('list')
    .description('list the connections, where they listen and what goes on there')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway connection list')
    .action(({ output }: { readonly output: OutputFormat }) => list(io, output));
  return connection;
}

const HEAD: readonly TableColumn[] = [
  'NAME',
  { title: 'CONNECTOR', rank: 3 },
  { title: 'POOLS', rank: 4 },
  'LISTENS ON',
  { title: 'OPEN', rank: 1 },
  { title: 'WAITING', rank: 2 },
  { title: 'OPENED', rank: 6 },
  { title: 'FAILED', rank: 5 },
];

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items } = await everyPage(apiFromEnvironment(io), Connection, 'connections');
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write('gateway.yaml names no connections.\n');
    return;
  }
  const rows = items.map(({ name, connector, pools, ingress, open, waiting, openedTotal, failedTotal }) => [
    name,
    connector,
    pools.join(', '),
    ingress
      .map(({ address, port }) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`))
      .join(', '),
    open,
    waiting,
    openedTotal,
    failedTotal,
  ]);
  io.stdout.write(table(HEAD, rows, io));
}
