import { AgentResource } from '@penstock/api-schema';
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
import { briefStamp, colorOf } from './agent-state-color.ts';

/** `agent list`: the agents in a table. */
export function agentListCommand(io: Io): Command {
  return new Command('list')
    .description('list all enrolled agents, connected or not')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent list')
    .action(({ output }: { readonly output: OutputFormat }) => list(io, output));
}

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items, complete } = await everyPage(apiFromEnvironment(io), AgentResource, 'agents');
  const style = styleFor(io.stdout, io.environment);
  if (output === 'json') {
    io.stdout.write(json({ items, complete }));
  } else if (items.length === 0) {
    io.stdout.write(
      'No agent has enrolled yet. Create a token for one: penstock-gateway token create --pool POOL\n',
    );
  } else {
    const now = Date.now();
    const rows = items.map((agent) => rowOf(agent, style, now));
    io.stdout.write(table(HEAD, rows, io));
  }
  if (!complete) {
    io.stderr.write("The gateway's store is unavailable: recently enrolled agents may be missing.\n");
  }
}

const HEAD: readonly TableColumn[] = [
  'NAME',
  { title: 'POOL', rank: 1 },
  'STATE',
  { title: 'REASON', rank: 2 },
  { title: 'SESSIONS', rank: 4 },
  { title: 'STREAMS', rank: 5 },
  { title: 'SOFTWARE', rank: 9 },
  { title: 'CONFIG', rank: 6 },
  { title: 'HEARTBEAT', rank: 3 },
  { title: 'SKEW', rank: 8 },
  { title: 'IDENTITY EXPIRES', rank: 7 },
  { title: 'ADDRESS', rank: 10 },
];

function rowOf(agent: AgentResource, style: Style, now: number): (string | number | undefined)[] {
  const { name, pool, state, code, reasons, sessions, streams, softwareVersion, config, clock } = agent;
  const wanted = sessions.wanted === undefined ? '' : `/${sessions.wanted}`;
  const more = reasons.length > 1 ? ` +${reasons.length - 1}` : '';
  return [
    name,
    pool,
    colorOf(state, style)(state),
    state === 'connected' ? undefined : `${code}${more}`,
    `${sessions.open}${wanted}`,
    streams.open,
    softwareVersion,
    config && briefStamp(config),
    relativeTime(agent.lastHeartbeat, now),
    clock && `${Math.round(clock.skewMs)}ms`,
    relativeTime(agent.identityNotAfter, now),
    agent.address,
  ];
}
