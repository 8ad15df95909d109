import { PinResource, RemovedPin } from '@penstock/api-schema';
import {
  CommandError,
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';

type Output = { readonly output: OutputFormat };
type AgentOption = { readonly agent?: string };

const AGENT = ['--agent <name>', 'for one agent; its own pin goes before that of its pool'] as const;

/** `config pin`: what a pool or an agent is expected to run on. */
export function pinCommand(io: Io): Command {
  return new Command('pin')
    .description('say which published version a pool or an agent is expected to run on')
    .usage('[options] <pool> <version> | --agent <name> <version>')
    .argument('<words...>', 'the pool and the version; with --agent the version alone')
    .option(...AGENT)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway config pin dc1 13\n  $ penstock-gateway config pin --agent orders-1 12',
    )
    .action(async (words: string[], { output, agent }: Output & AgentOption) => {
      const version = readVersion(words.at(-1) ?? '');
      const target = targetOf(agent, words.slice(0, -1));
      const api = apiFromEnvironment(io);
      const answer = await api.ask(PinResource, 'PUT', pathOf(target), { version });
      if (output === 'json') io.stdout.write(json(answer));
      else {
        const { scope, name } = target;
        io.stdout.write(`The ${scope} ${name} is pinned to version ${version}, ${answer.digest}.\n`);
      }
    });
}

/** `config unpin`: takes a pin away. */
export function unpinCommand(io: Io): Command {
  return new Command('unpin')
    .description('take the pin of a pool or an agent away')
    .usage('[options] <pool> | --agent <name>')
    .argument('[pool]', 'the pool')
    .option(...AGENT)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway config unpin dc1\n  $ penstock-gateway config unpin --agent orders-1',
    )
    .action(async (pool: string | undefined, { output, agent }: Output & AgentOption) => {
      const target = targetOf(agent, pool === undefined ? [] : [pool]);
      const api = apiFromEnvironment(io);
      const answer = await api.ask(RemovedPin, 'DELETE', pathOf(target));
      if (output === 'json') io.stdout.write(json(answer));
      else io.stdout.write(`The ${target.scope} ${target.name} has no pin of its own any more.\n`);
    });
}

const HEAD: readonly TableColumn[] = [
  'SCOPE',
  'NAME',
  'VERSION',
  { title: 'DIGEST', rank: 2 },
  { title: 'PINNED', rank: 1 },
];

/** `config pins`: all pins. */
export function pinsCommand(io: Io): Command {
  return new Command('pins')
    .description('list what pools and agents are expected to run on')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway config pins')
    .action(async ({ output }: Output) => {
      const { items } = await everyPage(apiFromEnvironment(io), PinResource, 'pins');
      if (output === 'json') io.stdout.write(json({ items }));
      else if (items.length === 0) {
        io.stdout.write('Nothing is pinned. Publish a version, then: penstock-gateway config pin\n');
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
  throw new CommandError('Say whom the pin is for: either a pool or --agent NAME.', USAGE);
}

function readVersion(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new CommandError(`${text} is no version. Versions are whole numbers from 1 on.`, USAGE);
}

const pathOf = ({ scope, name }: Target) => `pins/${scope}s/${encodeURIComponent(name)}`;
