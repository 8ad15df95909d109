import { locateAgent } from '@penstock/config-schema';
import { CommandError, type Io, json, type OutputFormat, outputOption } from '@penstock/terminal';
import { Command } from 'commander';
import { readIdentity } from '../identity/read-identity.ts';
import { renewAt } from '../identity/renew.ts';
import { configOption, loadConfig } from './load-config.ts';

type Options = { readonly config: string; readonly output: OutputFormat };

/** `identity show`: the certificate of this host, without its key. */
export function identityCommand(io: Io): Command {
  const identity = new Command('identity')
    .description('identity of the agent on this host')
    .addHelpText('after', '\nExample:\n  $ penstock-agent identity show --config agent.yaml');
  identity
    .command('show')
    .description('print the certificate in the identity directory')
    .option(...configOption)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-agent identity show --config agent.yaml')
    .action((options: Options) => show(io, options));
  return identity;
}

async function show(io: Io, { config: file, output }: Options): Promise<void> {
  // The rest of the file may be broken, or refer to variables that are not set in this shell.
  const directory =
    locateAgent(file, io.environment).directory ?? loadConfig(io, file, output)?.config.identity.directory;
  if (directory === undefined) return;
  const current = readIdentity(directory);
  if (current === undefined) {
    throw new CommandError(`${directory} (identity.directory) has no identity yet.`, {
      suggestion: 'Run "penstock-agent enroll", or "penstock-agent run" with an enrollment token.',
    });
  }
  const { agentId, name, pool, organization, serial, notBefore, notAfter } = current;
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  const shown = {
    agentId,
    name,
    pool,
    organization,
    serial,
    notBefore: time(notBefore),
    notAfter: time(notAfter),
    renewsAbout: time(renewAt(current, () => 0.5)),
  };
  if (output === 'json') io.stdout.write(json(shown));
  else for (const [field, label] of LABELS) io.stdout.write(`${label.padEnd(14)}${shown[field]}\n`);
}

const LABELS = [
  ['agentId', 'id'],
  ['name', 'name'],
  ['pool', 'pool'],
  ['organization', 'organization'],
  ['serial', 'serial'],
  ['notBefore', 'valid from'],
  ['notAfter', 'valid until'],
  ['renewsAbout', 'renews about'],
] as const;
