import { CreatedEnrollmentToken, EnrollmentTokenResource } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, type TableColumn } from '@penstock/terminal';
import { Command, Option } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { printCredentials, type RowContext } from './credential-list.ts';
import { namePattern, poolName, sourceRange, tokenTimeToLive, tokenUses } from './token-options.ts';

type Options = { readonly output: OutputFormat };
type CreateOptions = Options & {
  readonly pool: string;
  readonly uses: number;
  readonly ttl: number;
  readonly namePattern?: string;
  readonly source?: readonly string[];
};

/** `token create|list|revoke`: what lets new agents in. */
export function tokenCommand(io: Io): Command {
  const token = new Command('token')
    .description('enrollment tokens, which let new agents in')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway token create --pool dc1');
  token
    .command('create')
    .description('make an enrollment token; it is printed now and never again')
    .requiredOption('--pool <pool>', 'the pool the agents will be in', poolName)
    .option('--uses <number>', 'how many agents it enrolls', tokenUses, 1)
    .addOption(
      new Option('--ttl <duration>', 'how long it can be used, such as 30m, 1h or 7d')
        .argParser(tokenTimeToLive)
        .default(3600, '1h'),
    )
    .option(
      '--name-pattern <glob>',
      'the agent names it is for, such as "orders-*"; any, when left out',
      namePattern,
    )
    .option(
      '--source <cidr...>',
      'where agents must come from, such as 10.0.0.0/8; anywhere, when left out',
      sourceRange,
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway token create --pool dc1 --uses 2 --ttl 1h > enrollment-token',
    )
    .action((options: CreateOptions) => create(io, options));
  token
    .command('list')
    .description('list the enrollment tokens, newest first, without their secrets')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway token list')
    .action(({ output }: Options) => printCredentials(io, output, LIST));
  token
    .command('revoke')
    .description('revoke an enrollment token; agents that enrolled with it stay')
    .argument('<id>', 'the id of the token, as token list shows it', idOf)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway token revoke 019a0b1c2d3e4f5a6b7c')
    .action((id: string, { output }: Options) => revoke(io, id, output));
  return token;
}

async function create(
  io: Io,
  { pool, uses, ttl, namePattern, source, output }: CreateOptions,
): Promise<void> {
  const created = await apiFromEnvironment(io).ask(CreatedEnrollmentToken, 'POST', 'enrollment-tokens', {
    pool,
    uses,
    ttlSeconds: ttl,
    ...(namePattern !== undefined && { namePattern }),
    ...(source !== undefined && { sources: source }),
  });
  if (output === 'json') {
    io.stdout.write(json(created));
    return;
  }
  // The token alone goes to stdout, so that it can be sent straight into a file.
  io.stdout.write(`${created.token}\n`);
  io.stderr.write(
    `Enrolls ${uses === 1 ? 'one agent' : `${uses} agents`} of the pool ${pool} until ${created.expiresAt}. It is not ` +
      'shown again.\nGive it to the agent in its environment or in a file only it can read:\n' +
      AGENT_LINES,
  );
}

const AGENT_LINES = '  identity:\n    enrollmentToken: ${file:/run/secrets/enrollment-token}\n';

const HEAD: readonly TableColumn[] = [
  'ID',
  'STATE',
  { title: 'POOL', rank: 1 },
  { title: 'USES LEFT', rank: 2 },
  { title: 'NAMES', rank: 4 },
  { title: 'FROM', rank: 5 },
  { title: 'EXPIRES', rank: 3 },
  { title: 'MADE BY', rank: 6 },
];

function row(token: EnrollmentTokenResource, { maker, style, now }: RowContext): (string | undefined)[] {
  const { id, state, pool, uses, usesLeft, namePattern, sources, expiresAt, createdBy } = token;
  return [
    id,
    state === 'usable' ? style.good(state) : style.faint(state),
    pool,
    `${usesLeft} of ${uses}`,
    namePattern ?? 'any',
    sources?.join(', ') ?? 'anywhere',
    relativeTime(expiresAt, now),
    maker(createdBy),
  ];
}

const LIST = {
  schema: EnrollmentTokenResource,
  path: 'enrollment-tokens',
  none: 'There are no enrollment tokens. Make one: penstock-gateway token create --pool POOL',
  head: HEAD,
  row,
};

async function revoke(io: Io, id: string, output: OutputFormat): Promise<void> {
  const path = `enrollment-tokens/${encodeURIComponent(id)}`;
  const token = await apiFromEnvironment(io).ask(EnrollmentTokenResource, 'DELETE', path);
  io.stdout.write(
    output === 'json'
      ? json(token)
      : `The enrollment token ${id} is revoked. Agents that enrolled with it stay.\n`,
  );
}

/** The id, also where somebody gives the whole token: its secret must not get into a URL. */
function idOf(text: string): string {
  return /^pst_enroll_([0-9a-f]{20})_/.exec(text)?.[1] ?? text;
}
