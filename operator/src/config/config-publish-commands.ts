import { ConfigVersionResource, PinPreview, PublishedConfigVersion } from '@penstock/api-schema';
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
import { unknownFilter } from '../api/did-you-mean.ts';
import { everyPage } from '../api/pages.ts';
import { followRollout } from './follow-rollout.ts';
import { impactText } from './pin-impact.ts';
import { addWaitOptions, type WaitOptions } from './wait-options.ts';

type Output = { readonly output: OutputFormat };
type PublishOptions = Output & WaitOptions & { readonly pool?: string; readonly dryRun: boolean };

/** `config publish`: typically called by CI after a merge. */
export function publishCommand(io: Io): Command {
  const command = new Command('publish')
    .description('publish a version of agent.yaml for a pool so that it can be pinned later')
    .argument('[file]', 'agent.yaml to publish, or - for standard input', './agent.yaml')
    .option('--pool <pool>', 'name of the pool; by default, the pool in the file')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nReferences are not resolved, so no secrets are sent.\n\nExample:\n  $ penstock-gateway config publish --pool dc1 agent.yaml',
    )
    .option('--dry-run', 'validate, and print what pinning this version would do to the agents', false)
    .action((file: string, options: PublishOptions) => publish(io, file, options));
  return addWaitOptions(command);
}

async function publish(
  io: Io,
  file: string,
  { pool: given, output, dryRun, wait, timeout }: PublishOptions,
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
  const pool = given ?? poolIn(content, file);
  const api = apiFromEnvironment(io);
  if (dryRun) {
    const path = `pins/pools/${encodeURIComponent(pool)}/preview?version=${version}&digest=${encodeURIComponent(digest)}`;
    const preview = await api.ask(PinPreview, 'GET', path);
    io.stdout.write(
      output === 'json'
        ? json(preview)
        : `${file} is valid: version ${version}, ${digest}.\n${impactText(preview)}\n`,
    );
    return;
  }
  const body = { pool, content };
  const published = await api.ask(PublishedConfigVersion, 'POST', 'config-versions', body);
  if (published.digest !== digest) {
    throw new CommandError(`The gateway computed the digest ${published.digest}, but here it is ${digest}.`, {
      suggestion: 'Run the same release on this host and the gateway.',
    });
  }
  const outcome = published.isNew ? 'is published' : 'was already published';
  if (output === 'json') io.stdout.write(json(published));
  else io.stdout.write(`Version ${version} of pool ${published.pool} ${outcome}, ${digest}.\n`);
  if (wait)
    await followRollout(io, api, { scope: 'pool', name: pool, version, digest, timeoutSeconds: timeout });
}

/** A file for several pools names its pool by a reference, so the caller has to specify the pool. */
function poolIn(content: unknown, file: string): string {
  const pool = typeof content === 'object' && content !== null && 'pool' in content ? content.pool : '';
  if (typeof pool === 'string' && pool !== '' && !pool.includes('${')) return pool;
  throw new CommandError(`${file} does not name a pool.`, { suggestion: 'Add --pool POOL.' });
}

const HEAD: readonly TableColumn[] = [
  { title: 'VERSION', isWhole: true },
  'DIGEST',
  { title: 'PUBLISHED', rank: 1 },
  { title: 'BY', rank: 2 },
];

/** `config versions`: lists published versions. */
export function versionsCommand(io: Io): Command {
  return new Command('versions')
    .description('list the published versions of a pool, highest first')
    .argument('<pool>', 'name of the pool')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway config versions dc1')
    .action(async (pool: string, { output }: Output) => {
      const api = apiFromEnvironment(io);
      const { items } = await everyPage(api, ConfigVersionResource, 'config-versions', { query: { pool } });
      const now = Date.now();
      if (output === 'json') io.stdout.write(json({ items }));
      else if (items.length === 0) {
        const unknown = await unknownFilter(api, { pools: pool });
        const advice = unknown ?? `Publish one: penstock-gateway config publish --pool ${pool}`;
        io.stdout.write(`No versions are published for pool ${pool}. ${advice}\n`);
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
