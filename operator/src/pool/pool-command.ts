import { PoolResource } from '@penstock/api-schema';
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
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';

/** `pool list`: the pools and their state. */
export function poolCommand(io: Io): Command {
  return new Command('pool')
    .description('pools of agents')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway pool list')
    .addCommand(
      new Command('list')
        .description('list the pools of gateway.yaml with their agents by state, streams and waiting clients')
        .addOption(outputOption(['text', 'json']))
        .addHelpText('after', '\nExample:\n  $ penstock-gateway pool list')
        .action(({ output }: { readonly output: OutputFormat }) => list(io, output)),
    );
}

const HEAD: readonly TableColumn[] = [
  { title: 'NAME', isWhole: true },
  'READY',
  { title: 'AGENTS', rank: 1 },
  { title: 'WAITING', rank: 2 },
  { title: 'STREAMS', rank: 3 },
  { title: 'SESSIONS', rank: 4 },
  { title: 'PINNING', rank: 5 },
];

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items } = await everyPage(apiFromEnvironment(io), PoolResource, 'pools');
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  io.stdout.write(
    table(
      HEAD,
      items.map((pool) => rowOf(pool, style)),
      io,
    ),
  );
}

function rowOf(pool: PoolResource, style: Style): (string | number)[] {
  const { name, pinning, ready, minReady, healthy, agents, sessions, streams, queue } = pool;
  const states = Object.entries(agents).filter(([, count]) => count > 0);
  return [
    name,
    (healthy ? style.good : style.bad)(`${ready} of ${minReady}`),
    states.map(([state, count]) => `${count} ${state}`).join(', ') || 'none',
    `${queue.waiting}/${queue.limit}`,
    streams.open,
    sessions,
    pinning,
  ];
}
