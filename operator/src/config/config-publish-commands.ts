import { ConfigVersionResource, PublishedConfigVersion } from '@penstock/api-schema';
import { checkConfig, readConfigText, readTextInput } from '@penstock/config-schema';
import {
  CommandError,
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  renderProblems,
  styleFor,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';

type Output = { readonly output: OutputFormat };

/** `config publish`: what a CI job calls after a merge. */
export function publishCommand(io: Io): Command {
  return new Command('publish')
    .description('publish a version of agent.yaml for a pool, so that it can be pinned')
    .argument('[file]', 'the agent.yaml, or - for standard input', './agent.yaml')
    .option('--pool <pool>', 'the pool; the one that the file names when left out')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nReferences are left as they stand: no secret is sent.\n\nExample:\n  $ penstock-gateway config publish --pool dc1 agent.yaml',
    )
    .action((file: string, options: Output & { readonly pool?: string }) => publish(io, file, options));
}

async function publish(
  io: Io,
  file: string,
  { pool, output }: Output & { readonly pool?: string },
): Promise<void> {
  const read = readConfigText(file, readTextInput);
  const checked = read.ok ? checkConfig('Agent', read.text, file) : read;
  if (!checked.ok) {
    const writer = output === 'text' ? io.stderr : io.stdout;
    writer.write(renderProblems(checked.problems, output, styleFor(writer, io.environment)));
    io.setExitCode(exitCodes.failed);
    return;
  }
  const { content, version, digest } = checked.source;
  const body = { pool: pool ?? poolIn(content, file), content };
  const published = await apiFromEnvironment(io).ask(PublishedConfigVersion, 'POST', 'config-versions', body);
  if (published.digest !== digest) {
    throw new CommandError(
      `The gateway has read the file as ${published.digest}, and here it is ${digest}.`,
      { suggestion: 'Run the same release on both ends.' },
    );
  }
  if (output === 'json') {
    io.stdout.write(json(published));
    return;
  }
  const said = published.isNew ? 'is published' : 'was published before';
  io.stdout.write(`Version ${version} of pool ${published.pool} ${said}, ${digest}.\n`);
}

/** Where one file serves several pools, it says so by a reference, and only the caller knows which is meant. */
function poolIn(content: unknown, file: string): string {
  const named = typeof content === 'object' && content !== null && 'pool' in content ? content.pool : '';
  if (typeof named === 'string' && named !== '' && !named.includes('${')) return named;
  throw new CommandError(`${file} does not say for which pool it is.`, { suggestion: 'Add --pool POOL.' });
}

const HEAD: readonly TableColumn[] = [
  'VERSION',
  'DIGEST',
  { title: 'PUBLISHED', rank: 1 },
  { title: 'BY', rank: 2 },
];

/** `config versions`: what was published. */
export function versionsCommand(io: Io): Command {
  return new Command('versions')
    .description('list the versions that were published for a pool, the highest first')
    .argument('<pool>', 'the pool')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway config versions dc1')
    .action(async (pool: string, { output }: Output) => {
      const api = apiFromEnvironment(io);
      const { items } = await everyPage(api, ConfigVersionResource, 'config-versions', { query: { pool } });
      const now = Date.now();
      if (output === 'json') io.stdout.write(json({ items }));
      else if (items.length === 0) {
        io.stdout.write(
          `Nothing was published for pool ${pool}: penstock-gateway config publish --pool ${pool}\n`,
        );
      } else {
        const rows = items.map(({ version, digest, publishedAt, publishedBy }) => [
          version,
          digest,
          relativeTime(publishedAt, now),
          publishedBy,
        ]);
        io.stdout.write(table(HEAD, rows, io));
      }
    });
}
