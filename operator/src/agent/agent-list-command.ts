import { setTimeout } from 'node:timers/promises';
import { AgentResource, agentStates } from '@penstock/api-schema';
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
import { Command, Option } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { unknownFilter } from '../api/did-you-mean.ts';
import { everyPage } from '../api/pages.ts';
import { briefStamp, colorOf } from './agent-state-color.ts';

type Options = {
  readonly output: OutputFormat;
  readonly pool?: string;
  readonly state?: string;
  readonly watch: boolean;
};

/** `agent list`: the agents in a table. */
export function agentListCommand(io: Io): Command {
  return new Command('list')
    .description('list all enrolled agents, connected or not')
    .option('--pool <pool>', 'only agents of this pool')
    .addOption(new Option('--state <state>', 'only agents in this state').choices(agentStates))
    .option('--watch', 'print the list again whenever it changes, until interrupted', false)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent list --pool dc1 --state quarantined')
    .action((options: Options) => (options.watch ? watch(io, options) : list(io, options)));
}

const WATCH_INTERVAL_MS = 2_000;

/** Prints the list whenever it has changed, until the program is interrupted or the gateway does not answer. */
async function watch(io: Io, options: Options): Promise<void> {
  let last = '';
  for (;;) {
    let text = '';
    const stdout = {
      ...io.stdout,
      isTTY: io.stdout.isTTY,
      columns: io.stdout.columns,
      write: (each: string) => (text += each),
    };
    await list({ ...io, stdout }, options);
    // Ages change every second; they alone are no news.
    const compared = text.replaceAll(/\b(?:in )?\d+[smhd](?: ago)?/g, '');
    if (compared !== last)
      io.stdout.write(options.output === 'json' ? text : `${new Date().toISOString()}\n${text}\n`);
    last = compared;
    await setTimeout(WATCH_INTERVAL_MS);
  }
}

async function list(io: Io, { output, pool, state }: Options): Promise<void> {
  const api = apiFromEnvironment(io);
  const page = await everyPage(api, AgentResource, 'agents');
  const { complete } = page;
  const items = page.items.filter(
    (agent) => (pool === undefined || agent.pool === pool) && (state === undefined || agent.state === state),
  );
  const style = styleFor(io.stdout, io.environment);
  if (output === 'json') {
    io.stdout.write(json({ items, complete }));
  } else if (items.length === 0 && page.items.length > 0) {
    const unknown = await unknownFilter(api, { pools: pool });
    const sentence = `None of the ${page.items.length} agents matches.`;
    io.stdout.write(`${sentence}${unknown === undefined ? '' : ` ${unknown}`}\n`);
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
  { title: 'NAME', isWhole: true },
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
