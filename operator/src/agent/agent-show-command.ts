import { AgentResource, adviceText } from '@penstock/api-schema';
import {
  type Io,
  json,
  type OutputFormat,
  outputOption,
  printableLine,
  type Style,
  styleFor,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { colorOf } from './agent-state-color.ts';

/** `agent show`: everything known about an agent. */
export function agentShowCommand(io: Io): Command {
  return new Command('show')
    .description('show an agent: its state, the reasons for it, what to do, and its measurements')
    .argument('<name>', 'name of the agent')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent show orders-1')
    .action(async (name: string, { output }: { readonly output: OutputFormat }) => {
      const api = apiFromEnvironment(io);
      const agent = await api.ask(AgentResource, 'GET', `agents/${encodeURIComponent(name)}`);
      io.stdout.write(output === 'json' ? json(agent) : agentText(agent, io, Date.now()));
    });
}

/** Renders everything known about an agent. */
export function agentText(agent: AgentResource, io: Io, now: number): string {
  const style = styleFor(io.stdout, io.environment);
  const parts = [
    agent.reasons.map((reason) => reasonText(reason, style, now)).join(''),
    table(['', ''], factRows(agent, now), io),
  ];
  if (agent.boots.length > 1) parts.push(bootTable(agent, io, now));
  if ((agent.connectors ?? []).length > 0) parts.push(connectorTable(agent, io, now));
  return parts.join('\n');
}

function reasonText(reason: AgentResource['reasons'][number], style: Style, now: number): string {
  const { state, code, since, message, detail } = reason;
  const head = `${colorOf(state, style)(state)} ${printableLine(code)} since ${since} (${relativeTime(since, now)})\n`;
  const text = detail === undefined ? message : `${message} ${detail}`;
  return `${head}  ${printableLine(text)}\n${state === 'connected' ? '' : `  ${printableLine(adviceText(reason))}\n`}`;
}

function factRows(agent: AgentResource, now: number): string[][] {
  const { sessions, streams, platform, config, pin, clock, cpu, memory, eventLoop } = agent;
  const when = (time: string | undefined) => time && `${time} (${relativeTime(time, now)})`;
  const rows: [string, string | undefined][] = [
    ['agent', `${agent.name} (${agent.id})`],
    ['pool', agent.pool],
    ['address', agent.address],
    ['enrolled', when(agent.enrolledAt)],
    ['identity expires', when(agent.identityNotAfter)],
    ['connected since', when(agent.connectedSince)],
    ['last heartbeat', when(agent.lastHeartbeat)],
    ['sessions', `${sessions.open}${sessions.wanted === undefined ? '' : ` of ${sessions.wanted}`}`],
    ['replicas', sessions.replicas && `${sessions.replicas.reached} of ${sessions.replicas.wanted}`],
    ['streams', `${streams.open} open, ${streams.opening} opening`],
    ['software', agent.softwareVersion],
    ['platform', platform && `${platform.os} ${platform.arch}, Node ${platform.node}`],
    ['configuration', config && `version ${config.version}, ${config.digest}`],
    [
      'pin',
      pin && `version ${pin.version}, ${pin.digest} (${pin.scope}, ${pin.mode})${driftText(pin.drift)}`,
    ],
    ['clock', clock && clockText(clock)],
    ['CPU', cpu && `host ${Math.round(cpu.load * 100)} %, agent ${cpu.process.toFixed(2)} processors`],
    ['memory', memory && memoryText(memory)],
    ['event loop', eventLoop && `p99 ${eventLoop.p99Ms.toFixed(1)} ms, max ${eventLoop.maxMs.toFixed(1)} ms`],
  ];
  return rows.flatMap(([what, value]) => (value === undefined ? [] : [[what, value]]));
}

const driftText = (drift: string | undefined) =>
  drift === undefined || drift === 'none' ? '' : '; the agent runs a different file';

function clockText({ skewMs, roundTripMs }: NonNullable<AgentResource['clock']>): string {
  const direction = skewMs < 0 ? 'behind' : 'ahead of';
  return `${Math.abs(skewMs).toFixed(1)} ms ${direction} the gateway, round trip ${roundTripMs.toFixed(1)} ms`;
}

const MIB = 1024 * 1024;

function memoryText({
  totalBytes,
  availableBytes,
  processBytes,
}: NonNullable<AgentResource['memory']>): string {
  const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
  return `${mib(availableBytes)} of ${mib(totalBytes)} available, agent ${mib(processBytes)}`;
}

function bootTable({ boots }: AgentResource, io: Io, now: number): string {
  const rows = boots.map(({ id, address, since, sessions }) => [
    id,
    address,
    relativeTime(since, now),
    sessions,
  ]);
  return table(['PROCESS', 'ADDRESS', 'SINCE', 'SESSIONS'], rows, io);
}

function connectorTable({ connectors = [], checks }: AgentResource, io: Io, now: number): string {
  const rows = connectors.map(({ name, kind, addresses = [] }) => {
    const check = checks.find(({ connector }) => connector === name);
    const took = check?.milliseconds === undefined ? undefined : `${Math.round(check.milliseconds)}ms`;
    return [name, kind, addresses.join(' '), check?.reach, took, relativeTime(check?.at, now)];
  });
  return table(['CONNECTOR', 'KIND', 'ADDRESS', 'CHECK', 'TOOK', 'CHECKED'], rows, io);
}
