import { PoolPreview, PoolResource } from '@penstock/api-schema';
import { checkConfig, readConfigText, readTextInput } from '@penstock/config-schema';
import {
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  renderProblems,
  styleFor,
} from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { namesText } from './pin-impact.ts';

type Mode = PoolPreview['to'];

/** `config preview`: asked before a gateway.yaml is put in place. */
export function previewCommand(io: Io): Command {
  return new Command('preview')
    .description('print what a reload of gateway.yaml would do to the agents')
    .argument('[file]', 'gateway.yaml to preview, or - for standard input', './gateway.yaml')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nLists the pools whose pinning mode would change, with the agents that would be quarantined or released.\n' +
        'Exit code 1 if agents would be quarantined.\n\nExample:\n  $ penstock-gateway config preview gateway.yaml',
    )
    .action((file: string, { output }: { readonly output: OutputFormat }) => preview(io, file, output));
}

async function preview(io: Io, file: string, output: OutputFormat): Promise<void> {
  const read = readConfigText(file, readTextInput);
  const checked = read.ok ? checkConfig('Gateway', read.text, file) : read;
  if (!checked.ok) {
    const writer = output === 'text' ? io.stderr : io.stdout;
    writer.write(renderProblems(checked.problems, output, styleFor(writer, io.environment)));
    io.setExitCode(exitCodes.failed);
    return;
  }
  const api = apiFromEnvironment(io);
  const { items: pools } = await everyPage(api, PoolResource, 'pools');
  const changes: PoolPreview[] = [];
  for (const [name, mode] of pinningModes(checked.source.content)) {
    const current = pools.find((pool) => pool.name === name)?.pinning;
    if (current === undefined || current === mode) continue;
    changes.push(
      await api.ask(PoolPreview, 'GET', `pools/${encodeURIComponent(name)}/preview?pinning=${mode}`),
    );
  }
  if (output === 'json') io.stdout.write(json({ pools: changes }));
  else if (changes.length === 0) io.stdout.write('The pinning mode of every pool stays the same.\n');
  else io.stdout.write(changes.map((change) => `${changeText(change)}\n`).join(''));
  if (changes.some(({ quarantinedTotal }) => quarantinedTotal > 0)) io.setExitCode(exitCodes.failed);
}

/** The mode of each pool in a valid file; a mode that a reference provides is known to the gateway's host alone. */
function pinningModes(content: unknown): readonly (readonly [string, Mode])[] {
  const { pools } = content as {
    readonly pools: readonly { readonly name: string; readonly pinning?: string }[];
  };
  return pools.flatMap(({ name, pinning = 'off' }) => (isMode(pinning) ? [[name, pinning] as const] : []));
}

const isMode = (text: string): text is Mode => text === 'enforce' || text === 'warn' || text === 'off';

function changeText(change: PoolPreview): string {
  const { name, from, to, agents, differing, quarantined, quarantinedTotal, released, ready, readyAfter } =
    change;
  const counts = `Pool ${name}: pinning ${from} → ${to}. ${differing} of ${agents} agents differ from their pin.`;
  if (quarantinedTotal > 0) {
    const names = namesText(quarantined, quarantinedTotal);
    return `${counts} ${quarantinedTotal} would be quarantined: ${names}; ready agents in the pool: ${ready} now, ${readyAfter} after.`;
  }
  return released > 0
    ? `${counts} ${released} would leave quarantine.`
    : `${counts} No agent would be quarantined.`;
}
