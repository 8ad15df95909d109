import { CreatedGrant, GrantResource } from '@penstock/api-schema';
import {
  CommandError,
  confirm,
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  styleFor,
  type TableColumn,
  yesOption,
} from '@penstock/terminal';
import { NAME_PATTERN } from '@penstock/wire';
import { Command, InvalidArgumentError, Option } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { wholeNumber } from '../whole-number.ts';
import { printCredentials, type RowContext } from './credential-list.ts';
import { unusableConnections } from './grant-uses.ts';
import { sourceRange, tokenTimeToLive } from './token-options.ts';

type Options = { readonly output: OutputFormat };
type CreateOptions = Options & {
  readonly connection: readonly string[];
  readonly name?: string;
  readonly ttl: number;
  readonly source?: readonly string[];
  readonly maxConnections?: number;
};

/** `grant create|list|revoke`: credentials of clients. */
export function grantCommand(io: Io): Command {
  const grant = new Command('grant')
    .description('grants, the credentials of clients for SOCKS5 and HTTP CONNECT')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway grant create --connection orders --ttl 8h');
  grant
    .command('create')
    .description('create a grant; it is printed only once')
    .requiredOption(
      '--connection <connection...>',
      'connections that the grant permits; can be repeated',
      connectionName,
    )
    .option('--name <name>', 'label for people; by default, the names of the connections', grantName)
    .addOption(
      new Option('--ttl <duration>', 'lifetime, such as 30m, 8h or 7d')
        .argParser(tokenTimeToLive)
        .default(8 * 3600, '8h'),
    )
    .option(
      '--source <cidr...>',
      'address ranges of clients, such as 10.0.0.0/8; by default, any that the ingress allows',
      sourceRange,
    )
    .option('--max-connections <number>', 'maximum concurrent client connections', wholeNumber(1, 1_000_000))
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway grant create --connection orders --ttl 8h --source 10.0.0.0/8 > grant',
    )
    .action((options: CreateOptions) => create(io, options));
  grant
    .command('list')
    .description('list the grants, newest first, without their secrets')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway grant list')
    .action(({ output }: Options) => printCredentials(io, output, LIST));
  grant
    .command('revoke')
    .description('revoke a grant immediately and close the client connections that use it')
    .argument('<id>', 'ID of the grant, as shown by grant list')
    .option(...yesOption)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway grant revoke 019a0b1c2d3e4f5a6b7c')
    .action((id: string, options: Options & { readonly yes: boolean }) => revoke(io, id, options));
  return grant;
}

async function create(io: Io, options: CreateOptions): Promise<void> {
  const { connection, name, ttl, source, maxConnections, output } = options;
  const api = apiFromEnvironment(io);
  const created = await api.ask(CreatedGrant, 'POST', 'grants', {
    connections: connection,
    ttlSeconds: ttl,
    ...(name !== undefined && { name }),
    ...(source !== undefined && { sources: source }),
    ...(maxConnections !== undefined && { maxConnections }),
  });
  const { warning } = styleFor(io.stderr, io.environment);
  for (const sentence of await unusableConnections(api, connection)) {
    io.stderr.write(`${warning('warning:')} ${sentence}\n`);
  }
  if (output === 'json') {
    io.stdout.write(json(created));
    return;
  }
  // Only the grant is written to stdout, to allow redirecting it to a file.
  io.stdout.write(`${created.grant}\n`);
  io.stderr.write(
    `Grant ${created.id} permits ${connection.join(', ')} until ${created.expiresAt}. It is not shown again.\n` +
      'Use it as the password for SOCKS5 or HTTP CONNECT, with any user name. Clients that cannot send a password use ' +
      `this host name, with the part of the grant after pst_grant_:\n  ${connection[0]}--LABEL.penstock\n`,
  );
}

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  'STATE',
  { title: 'NAME', rank: 1 },
  { title: 'CONNECTIONS', rank: 4 },
  { title: 'IN USE', rank: 2 },
  { title: 'FROM', rank: 5 },
  { title: 'EXPIRES', rank: 3 },
  { title: 'CREATED BY', rank: 6 },
];

function row(grant: GrantResource, { creator, style, now }: RowContext): (string | undefined)[] {
  const { id, name, state, connections, inUse, maxConnections, sources, expiresAt, createdBy } = grant;
  return [
    id,
    state === 'usable' ? style.good(state) : style.faint(state),
    name,
    connections.join(', '),
    maxConnections === undefined ? String(inUse) : `${inUse} of ${maxConnections}`,
    sources?.join(', ') ?? 'anywhere',
    relativeTime(expiresAt, now),
    creator(createdBy),
  ];
}

const LIST = {
  schema: GrantResource,
  path: 'grants',
  emptyMessage: 'There are no grants. Create one: penstock-gateway grant create --connection CONNECTION',
  head: HEAD,
  row,
};

async function revoke(
  io: Io,
  id: string,
  { output, yes }: Options & { readonly yes: boolean },
): Promise<void> {
  const api = apiFromEnvironment(io);
  const { items } = await everyPage(api, GrantResource, 'grants');
  if (!GRANT_ID.test(id)) throw notAnId(items.find(({ name }) => name === id));
  const inUse = items.find((each) => each.id === id)?.inUse ?? 0;
  if (inUse > 0) {
    const closed = inUse === 1 ? '1 client connection uses' : `${inUse} client connections use`;
    const consequence = `${closed} the grant ${id} and will be closed.`;
    await confirm(io, { consequence, question: 'Revoke it?', yes });
  }
  const grant = await api.ask(GrantResource, 'DELETE', `grants/${encodeURIComponent(id)}`);
  io.stdout.write(
    output === 'json'
      ? json(grant)
      : `The grant ${id} is ${grant.state}. Connections that used it are closed.\n`,
  );
}

/** Appends a value of --connection to the previous ones. */
function connectionName(text: string, before: readonly string[] | undefined): string[] {
  if (new RegExp(NAME_PATTERN).test(text)) return [...(before ?? []), text];
  throw new InvalidArgumentError('Must be the name of a connection, as shown by connection list.');
}

function grantName(text: string): string {
  if (text.length >= 1 && text.length <= 63) return text;
  throw new InvalidArgumentError('Must be 1 to 63 characters long.');
}

const GRANT_ID = /^[0-9a-f]{20}$/;

/** The argument may be the grant itself, a secret: it is never repeated and never part of a URL. */
function notAnId(named: GrantResource | undefined): CommandError {
  if (named !== undefined) {
    return new CommandError(
      'This is the name of a grant. Names are not unique, so a grant is revoked by its ID.',
      {
        exitCode: exitCodes.usage,
        suggestion: `Did you mean ${named.id}?`,
      },
    );
  }
  return new CommandError(
    'This is not the ID of a grant. Use the ID shown by grant list; the grant itself is a secret and must not be an argument.',
    { exitCode: exitCodes.usage },
  );
}
