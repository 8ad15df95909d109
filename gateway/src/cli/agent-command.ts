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
import Type, { type Static } from 'typebox';
import { relativeTime } from './age.ts';
import { agentDiagnosticsCommands } from './agent-diagnostics-commands.ts';
import { apiFromEnvironment } from './api-from-environment.ts';
import { everyPage } from './pages.ts';

type Options = { readonly output: OutputFormat };

const Agent = Type.Object({
  id: Type.String(),
  name: Type.String(),
  pool: Type.String(),
  state: Type.String(),
  sessions: Type.Object({ got: Type.Integer(), wanted: Type.Optional(Type.Integer()) }),
  streams: Type.Object({ open: Type.Integer() }),
  softwareVersion: Type.Optional(Type.String()),
  config: Type.Optional(Type.Object({ version: Type.Integer(), digest: Type.String() })),
  lastHeartbeat: Type.Optional(Type.String()),
  identityNotAfter: Type.Optional(Type.String()),
  address: Type.Optional(Type.String()),
});
type Agent = Static<typeof Agent>;

const Revoked = Type.Object({
  id: Type.String(),
  name: Type.String(),
  usableTokens: Type.Array(Type.String()),
});

/** `agent list|revoke`, and what is asked of an agent: the fleet. */
export function agentCommand(io: Io): Command {
  const agent = new Command('agent')
    .description('the fleet')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent list');
  agent
    .command('list')
    .description('list the agents: those connected, and those that enrolled and are away')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent list')
    .action(({ output }: Options) => list(io, output));
  agent
    .command('revoke')
    .description("end an agent's identity for good; its sessions end, and its name becomes free")
    .argument('<name>', 'the name of the agent')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent revoke orders-1')
    .action((name: string, { output }: Options) => revoke(io, name, output));
  for (const command of agentDiagnosticsCommands(io)) agent.addCommand(command);
  return agent;
}

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items, complete } = await everyPage(apiFromEnvironment(io), Agent, 'agents');
  const style = styleFor(io.stdout, io.environment);
  if (output === 'json') {
    io.stdout.write(json({ items, complete }));
  } else if (items.length === 0) {
    io.stdout.write(
      'No agent has enrolled yet. Make a token for one: penstock-gateway token create --pool POOL\n',
    );
  } else {
    io.stdout.write(
      table(
        HEAD,
        items.map((agent) => row(agent, style, Date.now())),
        io,
      ),
    );
  }
  if (!complete)
    io.stderr.write('The store of the gateway does not answer: agents that are away are missing.\n');
}

const HEAD: readonly TableColumn[] = [
  'NAME',
  { title: 'POOL', rank: 1 },
  'STATE',
  { title: 'SESSIONS', rank: 3 },
  { title: 'STREAMS', rank: 4 },
  { title: 'SOFTWARE', rank: 7 },
  { title: 'CONFIG', rank: 6 },
  { title: 'HEARTBEAT', rank: 2 },
  { title: 'IDENTITY ENDS', rank: 5 },
  { title: 'ADDRESS', rank: 8 },
];

function row(agent: Agent, style: Style, now: number): (string | number | undefined)[] {
  const { name, pool, state, sessions, streams, softwareVersion, config, address } = agent;
  const wanted = sessions.wanted === undefined ? '' : `/${sessions.wanted}`;
  return [
    name,
    pool,
    colorOf(state, style)(state),
    `${sessions.got}${wanted}`,
    streams.open,
    softwareVersion,
    config && `${config.version}@${config.digest.replace(/^sha256:/, '').slice(0, 8)}`,
    relativeTime(agent.lastHeartbeat, now),
    relativeTime(agent.identityNotAfter, now),
    address,
  ];
}

function colorOf(state: string, style: Style): (text: string) => string {
  if (state === 'connected') return style.good;
  return state === 'degraded' || state === 'draining' ? style.warning : style.bad;
}

async function revoke(io: Io, name: string, output: OutputFormat): Promise<void> {
  const path = `agents/${encodeURIComponent(name)}/revoke`;
  const revoked = await apiFromEnvironment(io).ask(Revoked, 'POST', path);
  if (output === 'json') {
    io.stdout.write(json(revoked));
    return;
  }
  io.stdout.write(`The identity of ${name} (${revoked.id}) has ended for good.\n`);
  if (revoked.usableTokens.length > 0) {
    io.stderr.write(
      'Its host could enroll again, with a token that still has uses. To prevent it:\n' +
        revoked.usableTokens.map((id) => `  penstock-gateway token revoke ${id}\n`).join(''),
    );
  }
}
