import { PinPreview, PinResource, RemovedPin } from '@penstock/api-schema';
import {
  CommandError,
  confirm,
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  type TableColumn,
  table,
  yesOption,
} from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import type { ApiClient } from '../api/api-client.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { followRollout } from './follow-rollout.ts';
import { impactText } from './pin-impact.ts';
import { addWaitOptions, type WaitOptions } from './wait-options.ts';

type Output = { readonly output: OutputFormat };
type AgentOption = { readonly agent?: string; readonly yes: boolean; readonly dryRun: boolean };

const DRY_RUN = ['--dry-run', 'only print what it would do to the agents', false] as const;
const AGENT = ['--agent <name>', "pin a single agent, overriding its pool's pin"] as const;

/** `config pin`: sets the version that a pool or an agent is expected to run. */
export function pinCommand(io: Io): Command {
  const command = new Command('pin')
    .description('pin a pool or an agent to a published version')
    .usage('[options] <pool> <version> | --agent <name> <version>')
    .argument('<target...>', 'the pool and the version; with --agent, only the version')
    .option(...AGENT)
    .option(...DRY_RUN)
    .option(...yesOption)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nAsks for confirmation if agents would be quarantined.\n\nExample:\n  $ penstock-gateway config pin dc1 13\n  $ penstock-gateway config pin --agent orders-1 12',
    )
    .action(async (args: string[], { output, agent, ...flags }: Output & AgentOption & WaitOptions) => {
      const version = readVersion(args.at(-1) ?? '');
      const target = targetOf(agent, args.slice(0, -1));
      const api = apiFromEnvironment(io);
      if (!(await mayChange(io, api, target, version, output, flags))) return;
      const answer = await api.ask(PinResource, 'PUT', pathOf(target), { version });
      if (output === 'json') io.stdout.write(json(answer));
      else {
        const { scope, name } = target;
        io.stdout.write(`The ${scope} ${name} is pinned to version ${version}, ${answer.digest}.\n`);
      }
      if (!flags.wait) return;
      const { digest } = answer;
      await followRollout(io, api, { ...target, version, digest, timeoutSeconds: flags.timeout });
    });
  return addWaitOptions(command);
}

/** `config unpin`: removes a pin. */
export function unpinCommand(io: Io): Command {
  return new Command('unpin')
    .description('remove the pin of a pool or an agent')
    .usage('[options] <pool> | --agent <name>')
    .argument('[pool]', 'name of the pool')
    .option(...AGENT)
    .option(...DRY_RUN)
    .option(...yesOption)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway config unpin dc1\n  $ penstock-gateway config unpin --agent orders-1',
    )
    .action(async (pool: string | undefined, { output, agent, ...flags }: Output & AgentOption) => {
      const target = targetOf(agent, pool === undefined ? [] : [pool]);
      const api = apiFromEnvironment(io);
      if (!(await mayChange(io, api, target, undefined, output, flags))) return;
      const answer = await api.ask(RemovedPin, 'DELETE', pathOf(target));
      if (output === 'json') io.stdout.write(json(answer));
      else io.stdout.write(`The pin of ${target.scope} ${target.name} is removed.\n`);
    });
}

/** Previews the change. False if that was all; throws CommandError if agents would be quarantined and nobody confirms. */
async function mayChange(
  io: Io,
  api: ApiClient,
  target: Target,
  version: number | undefined,
  output: OutputFormat,
  { dryRun, yes }: Omit<AgentOption, 'agent'>,
): Promise<boolean> {
  const query = version === undefined ? '' : `?version=${version}`;
  const preview = await api.ask(PinPreview, 'GET', `${pathOf(target)}/preview${query}`);
  if (dryRun) {
    io.stdout.write(output === 'json' ? json(preview) : `${impactText(preview)}\n`);
    return false;
  }
  if (preview.quarantinedTotal === 0) return true;
  const question = version === undefined ? 'Remove the pin?' : `Pin version ${version}?`;
  await confirm(io, { consequence: impactText(preview), question, yes });
  return true;
}

const HEAD: readonly TableColumn[] = [
  'SCOPE',
  { title: 'NAME', isWhole: true },
  { title: 'VERSION', isWhole: true },
  { title: 'DIGEST', rank: 2 },
  { title: 'PINNED', rank: 1 },
];

/** `config pins`: lists all pins. */
export function pinsCommand(io: Io): Command {
  return new Command('pins')
    .description('list the pins of pools and agents')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway config pins')
    .action(async ({ output }: Output) => {
      const { items } = await everyPage(apiFromEnvironment(io), PinResource, 'pins');
      if (output === 'json') io.stdout.write(json({ items }));
      else if (items.length === 0) {
        io.stdout.write(
          'There are no pins. Publish a version, then pin it: penstock-gateway config pin POOL VERSION\n',
        );
      } else
        io.stdout.write(
          table(
            HEAD,
            items.map((pin) => rowOf(pin, Date.now())),
            io,
          ),
        );
    });
}

const rowOf = ({ scope, name, version, digest, pinnedAt }: PinResource, now: number) => [
  scope,
  name,
  version,
  digest,
  relativeTime(pinnedAt, now),
];

type Target = { readonly scope: 'pool' | 'agent'; readonly name: string };

const USAGE = { exitCode: exitCodes.usage };

function targetOf(agent: string | undefined, pools: readonly string[]): Target {
  const [pool, ...more] = pools;
  if (agent !== undefined && pool === undefined) return { scope: 'agent', name: agent };
  if (agent === undefined && pool !== undefined && more.length === 0) return { scope: 'pool', name: pool };
  throw new CommandError('Specify either a pool or --agent NAME.', USAGE);
}

function readVersion(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new CommandError(`${text} is not a version. Versions are integers of at least 1.`, USAGE);
}

const pathOf = ({ scope, name }: Target) => `pins/${scope}s/${encodeURIComponent(name)}`;
