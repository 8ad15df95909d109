import { CreatedEnrollmentToken, EnrollmentTokenResource } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, type TableColumn } from '@penstock/terminal';
import { Command, Option } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { printCredentials, type RowContext } from './credential-list.ts';
import { namePattern, poolName, sourceRange, tokenTimeToLive, tokenUses } from './token-options.ts';
import { tokenShowCommand } from './token-show-command.ts';

type Options = { readonly output: OutputFormat };
type CreateOptions = Options & {
  readonly pool: string;
  readonly uses: number;
  readonly ttl: number;
  readonly namePattern?: string;
  readonly source?: readonly string[];
};

/** `token create|list|show|revoke`: credentials with which new agents enroll. */
export function tokenCommand(io: Io): Command {
  const token = new Command('token')
    .description('enrollment tokens, the credentials with which new agents enroll')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway token create --pool dc1');
  token
    .command('create')
    .description('create an enrollment token; it is printed only once')
    .requiredOption('--pool <pool>', 'pool of the agents', poolName)
    .option('--uses <number>', 'number of agents the token can enroll', tokenUses, 1)
    .addOption(
      new Option('--ttl <duration>', 'lifetime, such as 30m, 1h or 7d')
        .argParser(tokenTimeToLive)
        .default(3600, '1h'),
    )
    .option(
      '--name-pattern <glob>',
      'pattern that agent names must match, such as "orders-*"; by default, any name',
      namePattern,
    )
    .option(
      '--source <cidr...>',
      'address ranges of agents, such as 10.0.0.0/8; by default, any address',
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
  token.addCommand(tokenShowCommand(io, idOf));
  token
    .command('revoke')
    .description('revoke an enrollment token; agents that have already enrolled are not affected')
    .argument('<id>', 'ID of the token, as shown by token list', idOf)
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
  // Only the token is written to stdout, to allow redirecting it to a file.
  io.stdout.write(`${created.token}\n`);
  io.stderr.write(
    `Enrolls ${uses === 1 ? 'one agent' : `${uses} agents`} in pool ${pool} until ${created.expiresAt}. The token is not ` +
      'shown again.\nPass it to the agent in its environment, or in a file that only the agent can read:\n' +
      AGENT_LINES,
  );
}

const AGENT_LINES = '  identity:\n    enrollmentToken: ${file:/run/secrets/enrollment-token}\n';

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  'STATE',
  { title: 'POOL', rank: 1 },
  { title: 'USES LEFT', rank: 2 },
  { title: 'NAMES', rank: 4 },
  { title: 'FROM', rank: 5 },
  { title: 'EXPIRES', rank: 3 },
  { title: 'CREATED BY', rank: 6 },
];

function row(token: EnrollmentTokenResource, { creator, style, now }: RowContext): (string | undefined)[] {
  const { id, state, pool, uses, usesLeft, namePattern, sources, expiresAt, createdBy } = token;
  return [
    id,
    state === 'usable' ? style.good(state) : style.faint(state),
    pool,
    `${usesLeft} of ${uses}`,
    namePattern ?? 'any',
    sources?.join(', ') ?? 'anywhere',
    relativeTime(expiresAt, now),
    creator(createdBy),
  ];
}

const LIST = {
  schema: EnrollmentTokenResource,
  path: 'enrollment-tokens',
  emptyMessage: 'There are no enrollment tokens. Create one: penstock-gateway token create --pool POOL',
  head: HEAD,
  row,
};

async function revoke(io: Io, id: string, output: OutputFormat): Promise<void> {
  const path = `enrollment-tokens/${encodeURIComponent(id)}`;
  const token = await apiFromEnvironment(io).ask(EnrollmentTokenResource, 'DELETE', path);
  io.stdout.write(
    output === 'json'
      ? json(token)
      : `The enrollment token ${id} is revoked. Agents that have enrolled with it are not affected.\n`,
  );
}

/** Returns the ID. If the argument is a whole token, its secret is removed to keep it out of the URL. */
function idOf(text: string): string {
  return /^pst_enroll_([0-9a-f]{20})_/.exec(text)?.[1] ?? text;
}
