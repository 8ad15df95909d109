import { isIP } from 'node:net';
import { withoutFinalDot } from '@penstock/config-schema';
import { type Io, type OutputFormat, outputOption, styleFor } from '@penstock/terminal';
import { Command, InvalidArgumentError } from 'commander';
import { initialize } from './init.ts';
import { agentSnippet, renderInit } from './init-report.ts';
import { loadConfig } from './load-config.ts';

type Options = {
  readonly config: string;
  readonly host?: readonly string[];
  readonly newAdminToken: boolean;
  readonly newStore: boolean;
  readonly output: OutputFormat;
};

/** `init`: creates everything that a gateway needs before its first start. */
export function initCommand(io: Io): Command {
  return new Command('init')
    .description(
      'create the data directory, the agent CA, a server certificate if none is configured, and the first admin ' +
        'token; existing files are left unchanged',
    )
    .option('-c, --config <file>', 'configuration file', './gateway.yaml')
    .option('--host <name...>', 'names and addresses at which agents reach the gateway', appendHost)
    .option('--new-admin-token', 'create another admin token, if the others are lost', false)
    .option(
      '--new-store',
      'create an empty store although the agent CA exists: revoked agents are accepted until their certificates expire',
      false,
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway init --config gateway.yaml --host gateway.example.com',
    )
    .action((options: Options) => init(io, options));
}

async function init(
  io: Io,
  { config: file, host: hosts = [], newAdminToken, newStore, output }: Options,
): Promise<void> {
  const config = await loadConfig(io, { config: file, output });
  if (config === undefined) return;
  const result = await initialize({ config, hosts, newAdminToken, newStore, now: Date.now() });
  const snippet = agentSnippet(config, hosts, result);
  io.stdout.write(renderInit(result, snippet, output, file, styleFor(io.stdout, io.environment)));
  const { warning } = styleFor(io.stderr, io.environment);
  if (result.openToOthers) {
    io.stderr.write(
      `${warning('warning:')} other users can read ${result.dataDirectory}. Run chmod 700 ${result.dataDirectory}\n`,
    );
  }
  for (const each of result.warnings) io.stderr.write(`${warning('warning:')} ${each}\n`);
  if (result.serverCertificate === 'unchanged' && hosts.length > 0) {
    io.stderr.write(
      `${warning('warning:')} the server certificate already exists, and --host does not change it. Agents with ` +
        'trust: pins ignore its names.\n',
    );
  }
}

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

/** Parses one value of --host and appends it to the previous ones. */
function appendHost(written: string, previous: readonly string[] | undefined): string[] {
  // Certificates have names without the dot at the end of an absolute one.
  const text = withoutFinalDot(written.trim());
  const valid =
    isIP(text) !== 0 ||
    (text.length <= 253 &&
      text
        .replace(/^\*\./, '')
        .split('.')
        .every((label) => LABEL.test(label)));
  if (!valid) throw new InvalidArgumentError('Write a host name or an IP address without scheme and port.');
  return [...(previous ?? []), text];
}
