import { type ConnectorKind, connectorKinds, formatHostPort } from '@penstock/config-schema';
import {
  exitCodes,
  hostPortArgument,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  renderProbe,
  trustHostAuthorities,
  withProgress,
} from '@penstock/terminal';
import { Command, InvalidArgumentError, Option } from 'commander';
import { probeFromHere } from '../diagnostics/probe-from-here.ts';
import { configOption, loadConfig } from './load-config.ts';

type Options = {
  readonly config: string;
  readonly kind: ConnectorKind;
  readonly timeout: number;
  readonly output: OutputFormat;
};

const MAX_TIMEOUT_SECONDS = 60;

/** `probe`: how far the path from this host leads, under the same policy as for the control plane. */
export function probeCommand(io: Io): Command {
  return new Command('probe')
    .description('test whether this host can reach a host and port; policy.probe must allow it')
    .argument('<host:port>', 'target; IPv6 addresses in brackets', hostPortArgument)
    .option(...configOption)
    .addOption(new Option('--kind <kind>', 'protocol to speak').choices(connectorKinds).default('tcp'))
    .option('--timeout <seconds>', 'time limit in seconds', seconds, 10)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-agent probe orders.internal:5432 --kind postgresql')
    .action(async (to: { host: string; port: number }, { config, kind, timeout, output }: Options) => {
      const loaded = loadConfig(io, config, output);
      if (loaded === undefined) return;
      await trustHostAuthorities(io.environment);
      const result = await withProgress(io, `Trying ${formatHostPort(to)}`, () =>
        probeFromHere(loaded.config, { ...to, kind, timeout: timeout * 1000 }),
      );
      io.stdout.write(output === 'json' ? json(result) : renderProbe(result, io));
      if (result.reach !== 'ready') io.setExitCode(exitCodes.failed);
    });
}

function seconds(text: string): number {
  const number = /^[0-9]{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 1 && number <= MAX_TIMEOUT_SECONDS) return number;
  throw new InvalidArgumentError(`Must be an integer from 1 to ${MAX_TIMEOUT_SECONDS}.`);
}
