import { AgentConfigResource, MAX_AGENT_TIMEOUT_MS, NamedAgent } from '@penstock/api-schema';
import { connectorKinds } from '@penstock/config-schema/vocabulary';
import {
  hostPortArgument,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  printPinnedComparison,
  yesOption,
} from '@penstock/terminal';
import { logsRequest, ProbeResult } from '@penstock/wire';
import { Argument, Command, Option } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { timeArgument } from '../time-argument.ts';
import { wholeNumber } from '../whole-number.ts';
import { printLogs, printProbe } from './agent-answers.ts';
import { confirmCapacity } from './capacity-check.ts';

type Output = { readonly output: OutputFormat };
type Probe = Output & { readonly kind: string; readonly timeout: number };
type Logs = Output & {
  readonly limit: number;
  readonly level: string;
  readonly since?: string;
  readonly text?: string;
};

/** Longer than the agent may take, plus transmission. */
const RESPONSE_TIMEOUT_MS = 30_000;

const name = () => new Argument('<name>', 'name of the agent');

/** `agent probe|check|logs|diff|restart`: requests to an agent. */
export function agentDiagnosticsCommands(io: Io): Command[] {
  const api = () => apiFromEnvironment(io, { timeoutMs: RESPONSE_TIMEOUT_MS });
  const path = (agent: string, what: string) => `agents/${encodeURIComponent(agent)}/${what}`;

  const probed = async (agent: string, what: 'probe' | 'check', body: object, output: OutputFormat) => {
    printProbe(await api().ask(ProbeResult, 'POST', path(agent, what), body), output, io);
  };

  return [
    new Command('probe')
      .description("test whether an agent can reach a host and port; the agent's policy.probe must allow it")
      .addArgument(name())
      .argument('<host:port>', 'target, as seen from the agent; IPv6 addresses in brackets', hostPortArgument)
      .addOption(new Option('--kind <kind>', 'protocol to speak').choices(connectorKinds).default('tcp'))
      .addOption(timeoutOption())
      .addOption(outputOption(['text', 'json']))
      .addHelpText(
        'after',
        '\nExample:\n  $ penstock-gateway agent probe orders-1 orders.internal:5432 --kind postgresql',
      )
      .action((agent: string, to: { host: string; port: number }, { kind, timeout, output }: Probe) =>
        probed(agent, 'probe', { ...to, kind, timeout: timeout * 1000 }, output),
      ),
    new Command('check')
      .description("check an agent's connector, using its protocol but no credentials")
      .addArgument(name())
      .argument('<connector>', 'name of the connector in agent.yaml')
      .addOption(timeoutOption())
      .addOption(outputOption(['text', 'json']))
      .addHelpText('after', '\nExample:\n  $ penstock-gateway agent check orders-1 orders-db')
      .action((agent: string, connector: string, { timeout, output }: Probe) =>
        probed(agent, 'check', { connector, timeout: timeout * 1000 }, output),
      ),
    new Command('logs')
      .description("print an agent's recent log lines, redacted by the agent")
      .addArgument(name())
      .option(
        '--limit <lines>',
        'maximum number of lines; the newest are printed',
        wholeNumber(1, 100_000),
        200,
      )
      .addOption(
        new Option('--level <level>', 'minimum severity')
          .choices(['trace', 'debug', 'info', 'warn', 'error'])
          .default('info'),
      )
      .option(
        '--since <time>',
        'only lines from this time on: RFC 3339, or a duration such as 15m',
        timeArgument,
      )
      .option('--text <text>', 'only lines that contain this, in any case')
      .addOption(outputOption(['text', 'json']))
      .addHelpText('after', '\nExample:\n  $ penstock-gateway agent logs orders-1 --level warn')
      .action(async (agent: string, { limit, level, since, text, output }: Logs) => {
        printLogs(
          await api().ask(logsRequest.answer, 'POST', path(agent, 'logs'), {
            limit,
            level,
            ...(since !== undefined && { since }),
            ...(text !== undefined && { text }),
          }),
          output,
          io,
        );
      }),
    new Command('diff')
      .description('compare the configuration an agent runs with its pinned version, field by field')
      .addArgument(name())
      .addOption(outputOption(['text', 'json']))
      .addHelpText('after', '\nExample:\n  $ penstock-gateway agent diff orders-1')
      .action(async (agent: string, { output }: Output) => {
        const config = await api().ask(AgentConfigResource, 'GET', path(agent, 'config'));
        printPinnedComparison(agent, config, output, io);
      }),
    new Command('restart')
      .description(
        "restart an agent through its supervisor after it has drained; the agent's policy must allow it",
      )
      .addArgument(name())
      .addOption(outputOption(['text', 'json']))
      .option(...yesOption)
      .addHelpText('after', '\nExample:\n  $ penstock-gateway agent restart orders-1')
      .action(async (agent: string, { output, yes }: Output & { readonly yes: boolean }) => {
        await confirmCapacity(io, api(), agent, 'Restart', yes);
        const answer = await api().ask(NamedAgent, 'POST', path(agent, 'restart'));
        io.stdout.write(
          output === 'json' ? json(answer) : `${agent} is draining. Its supervisor then restarts it.\n`,
        );
      }),
  ];
}

const timeoutOption = () =>
  new Option('--timeout <seconds>', 'time limit for the agent, in seconds')
    .argParser(wholeNumber(1, MAX_AGENT_TIMEOUT_MS / 1000))
    .default(10);
