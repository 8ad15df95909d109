import { ReplicaResource } from '@penstock/api-schema';
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
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';

/** `replica list`: the gateways that share a store, as the one that answers sees them. */
export function replicaCommand(io: Io): Command {
  return new Command('replica')
    .description('gateways that share their store with this one')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway replica list')
    .addCommand(
      new Command('list')
        .description('list the replicas with their state, their agents and the configuration they run')
        .addOption(outputOption(['text', 'json']))
        .addHelpText('after', '\nExample:\n  $ penstock-gateway replica list')
        .action(({ output }: { readonly output: OutputFormat }) => list(io, output)),
    );
}

const HEAD: readonly TableColumn[] = [
  { title: 'NAME', isWhole: true },
  'STATE',
  'LINK',
  { title: 'SESSIONS', rank: 1 },
  { title: 'AGENTS', rank: 2 },
  { title: 'LOAD', rank: 1 },
  { title: 'CONFIG', rank: 2 },
  { title: 'VERSION', rank: 3 },
  { title: 'SINCE', rank: 4 },
  { title: 'ADDRESS', rank: 5 },
];

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items } = await everyPage(apiFromEnvironment(io), ReplicaResource, 'replicas');
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write('This gateway has no replicas: gateway.yaml has no cluster.\n');
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const now = Date.now();
  io.stdout.write(
    table(
      HEAD,
      items.map((replica) => rowOf(replica, style, now)),
      io,
    ),
  );
}

function rowOf(replica: ReplicaResource, style: Style, now: number): (string | number | undefined)[] {
  const { name, self, state, link, sessions, agents, loadPercent } = replica;
  const { drifted, configDigest, version, since, address } = replica;
  const digest = configDigest.slice(0, 15);
  return [
    self ? `${name} (this one)` : name,
    state === 'running' ? style.good(state) : state === 'draining' ? style.warning(state) : style.bad(state),
    link === 'connecting' ? style.bad(link) : link === 'self' ? '-' : link,
    sessions,
    agents,
    loadPercent === undefined ? '-' : loadOf(loadPercent, style),
    drifted ? style.warning(`${digest} differs`) : digest,
    version,
    relativeTime(since, now),
    address,
  ];
}

/** Percent from which a replica sends agents to the others. */
const OVERLOADED_PERCENT = 125;

const loadOf = (percent: number, style: Style) =>
  percent > OVERLOADED_PERCENT ? style.warning(`${percent} %`) : `${percent} %`;
