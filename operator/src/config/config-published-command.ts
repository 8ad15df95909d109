import { ConfigVersionDetail, ConfigVersionResource } from '@penstock/api-schema';
import { yamlText } from '@penstock/config-schema';
import { CommandError, type Io, json, type OutputFormat, outputOption } from '@penstock/terminal';
import { Command, InvalidArgumentError } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { unknownFilter } from '../api/did-you-mean.ts';
import { everyPage } from '../api/pages.ts';

/** `config published`: prints a published version of agent.yaml. */
export function publishedCommand(io: Io): Command {
  return new Command('published')
    .description('print a published version of agent.yaml')
    .argument('<pool>', 'name of the pool')
    .argument('[version]', 'version; by default, the highest', version)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nReferences are printed unresolved. Comments of the file are not published.\n\nExample:\n  $ penstock-gateway config published dc1 12 > agent-12.yaml',
    )
    .action((pool: string, wanted: number | undefined, { output }: { readonly output: OutputFormat }) =>
      print(io, pool, wanted, output),
    );
}

async function print(io: Io, pool: string, wanted: number | undefined, output: OutputFormat): Promise<void> {
  const api = apiFromEnvironment(io);
  let number = wanted;
  if (number === undefined) {
    const { items } = await everyPage(api, ConfigVersionResource, 'config-versions', {
      query: { pool },
      maxItems: 1,
    });
    number = items[0]?.version;
    if (number === undefined) {
      throw new CommandError(`No versions are published for pool ${pool}.`, {
        suggestion:
          (await unknownFilter(api, { pools: pool })) ??
          `Publish one: penstock-gateway config publish --pool ${pool} agent.yaml`,
      });
    }
  }
  const path = `config-versions/${encodeURIComponent(pool)}/${number}`;
  const detail = await api.ask(ConfigVersionDetail, 'GET', path);
  io.stdout.write(output === 'json' ? json(detail) : yamlText(detail.content));
}

function version(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Must be an integer of at least 1.');
}
