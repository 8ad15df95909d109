import { parseArgs } from 'node:util';
import { type Group, groups } from './cells/cell.ts';
import { type RouteName, routeNames } from './routes/route.ts';

export type Options = {
  readonly rounds: number;
  readonly quick: boolean;
  readonly only: readonly Group[];
  readonly routes: readonly RouteName[];
  readonly output: 'text' | 'json';
  /** File to write the JSON report to, in addition to the output. */
  readonly json: string | undefined;
  readonly help: boolean;
};

/** An invalid command line. The message names the option and the allowed values. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `npm run bench -- [options]

  --quick              two rounds with short windows instead of seven
  --rounds N           number of rounds (1 to 50)
  --only LIST          comma-separated, of ${groups.join(', ')}
  --routes LIST        comma-separated, of ${routeNames.join(', ')}
  --output text|json   format of the report on standard output
  --json FILE          also write the JSON report to FILE
  --help               print this help

PENSTOCK_WAN_RIG selects another rig for the wan group; see docs/benchmark.md.
`;

export function parseOptions(parameters: readonly string[]): Options {
  const values = read(parameters);
  const quick = values.quick ?? false;
  return {
    quick,
    rounds: values.rounds === undefined ? (quick ? 2 : 7) : roundsOf(values.rounds),
    only: listOf('--only', values.only, groups),
    routes: listOf('--routes', values.routes, routeNames),
    output: outputOf(values.output),
    json: values.json,
    help: values.help ?? false,
  };
}

function read(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        only: { type: 'string' },
        routes: { type: 'string' },
        output: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function roundsOf(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 50) return rounds;
  throw new UsageError(`--rounds ${text}: use a whole number from 1 to 50.`);
}

function outputOf(text: string | undefined): Options['output'] {
  if (text === undefined || text === 'text' || text === 'json') return text ?? 'text';
  throw new UsageError(`--output ${text}: use text or json.`);
}

/** Returns the listed names in the order of `known`, or all if the option is omitted. */
function listOf<Name extends string>(
  option: string,
  text: string | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (text === undefined) return known;
  const names = text.split(',').map((name) => name.trim());
  const stranger = names.find((name) => !known.some((one) => one === name));
  if (stranger !== undefined) {
    throw new UsageError(`${option}: there is no "${stranger}". Use some of ${known.join(', ')}.`);
  }
  return known.filter((name) => names.includes(name));
}
