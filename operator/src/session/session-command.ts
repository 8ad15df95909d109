import { SessionResource } from '@penstock/api-schema';
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
import { unknownFilter } from '../api/did-you-mean.ts';
import { everyPage } from '../api/pages.ts';

type Options = { readonly agent?: string; readonly pool?: string; readonly output: OutputFormat };

/** `session list`: the HTTP/2 sessions between agents and the gateway. */
export function sessionCommand(io: Io): Command {
  const session = new Command('session')
    .description('sessions between agents and this gateway')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway session list');
  session
    .command('list')
    .description('list the sessions with their streams and round-trip times')
    .option('--agent <name>', 'only sessions of this agent')
    .option('--pool <name>', 'only sessions of this pool')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway session list --pool dc1')
    .action((options: Options) => list(io, options));
  return session;
}

const HEAD: readonly TableColumn[] = [
  { title: 'AGENT', isWhole: true },
  { title: 'POOL', rank: 2 },
  { title: 'SLOT', rank: 5 },
  'STATE',
  { title: 'STREAMS', rank: 1 },
  { title: 'OPENING', rank: 6 },
  { title: 'ROUND TRIP', rank: 3 },
  { title: 'SINCE', rank: 4 },
  { title: 'ADDRESS', rank: 7 },
];

async function list(io: Io, { agent, pool, output }: Options): Promise<void> {
  const api = apiFromEnvironment(io);
  const { items } = await everyPage(api, SessionResource, 'sessions', { query: { agent, pool } });
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    const unknown = await unknownFilter(api, { agents: agent, pools: pool });
    io.stdout.write(
      `${unknown ?? 'There are no matching sessions. List the agents: penstock-gateway agent list'}\n`,
    );
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const now = Date.now();
  const isReplicated = items.some(({ replica }) => replica !== undefined);
  const rows = items.map(({ state, streams, roundTripMs, ...session }) => [
    session.agent,
    session.pool,
    session.slot,
    state === 'ready' ? style.good(state) : style.warning(state),
    streams.open,
    streams.opening,
    roundTripMs === undefined ? undefined : `${roundTripMs.toFixed(roundTripMs < 10 ? 1 : 0)} ms`,
    relativeTime(session.since, now),
    session.address,
    ...(isReplicated ? [session.replica] : []),
  ]);
  const head: readonly TableColumn[] = isReplicated ? [...HEAD, { title: 'REPLICA', rank: 8 }] : HEAD;
  io.stdout.write(table(head, rows, io));
}
