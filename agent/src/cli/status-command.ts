import {
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  type Style,
  styleFor,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import { fetchStatus } from '../local/client.ts';
import type { AgentStatus } from '../local/status.ts';
import { configOption } from './load-config.ts';
import { runningAgentAddress } from './running-agent-address.ts';

type Options = { readonly config: string; readonly output: OutputFormat };

/** `status`: shows the state of the running agent. */
export function statusCommand(io: Io): Command {
  return new Command('status')
    .description('print the status of the agent running on this host; exits with 1 if it is not ready')
    .option(...configOption)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-agent status --config agent.yaml')
    .action(async ({ config, output }: Options) => {
      const status = await fetchStatus(await runningAgentAddress(io, config));
      io.stdout.write(output === 'json' ? json(status) : text(status, io));
      if (!status.ready) io.setExitCode(exitCodes.failed);
    });
}

function pinText({ version, mode, drifted }: NonNullable<AgentStatus['pin']>, style: Style): string {
  const pin = `version ${version} (${mode})`;
  return drifted ? style.bad(`${pin}: the configuration differs`) : pin;
}

function text(status: AgentStatus, io: Io): string {
  const style: Style = styleFor(io.stdout, io.environment);
  const { sessions, replicas, streams, adrift, config, clockOffset, lastFailure } = status;
  const rows: [string, string][] = [
    ['agent', `${status.name} (${status.agentId ?? 'not enrolled'})`],
    ['pool', status.pool],
    ['ready', status.ready ? style.good('yes') : style.bad(`no: ${status.reasons.join(' ')}`)],
    ['gateway', status.gateway],
    ['sessions', `${sessions.ready} of ${sessions.wanted}`],
    ...(replicas === undefined
      ? []
      : [['replicas', `${replicas.reached} of ${replicas.wanted}`] as [string, string]]),
    [
      'streams',
      `${streams.open} open, ${streams.opening} opening${adrift > 0 ? `, ${adrift} without a session` : ''}`,
    ],
    ['configuration', `version ${config.version}, ${config.digest}`],
    ...(status.pin === undefined ? [] : [['pin', pinText(status.pin, style)] as [string, string]]),
    ['state at the gateway', status.agentState ?? 'unknown'],
    ['software', status.version],
    ['identity until', status.identityNotAfter ?? 'none'],
    [
      'clock',
      clockOffset === undefined ? 'not measured' : `gateway ${clockOffset >= 0 ? '+' : ''}${clockOffset} ms`,
    ],
    ...(lastFailure === undefined
      ? []
      : [['last failure', `${lastFailure.at} ${lastFailure.message}`] as [string, string]]),
  ];
  const connectors = status.connectors.map(({ name, kind, address }) => [name, kind, address]);
  return `${table(['', ''], rows, io)}\n${table(['CONNECTOR', 'KIND', 'ADDRESS'], connectors, io)}`;
}
