import { CreatedGrant, GrantResource } from '@penstock/api-schema';
import {
  CommandError,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  type TableColumn,
} from '@penstock/terminal';
import { NAME_PATTERN } from '@penstock/wire';
import { Command, InvalidArgumentError, Option } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { wholeNumber } from '../whole-number.ts';
import { printCredentials, type RowContext } from './credential-list.ts';
import { sourceRange, tokenTimeToLive } from './token-options.ts';

type Options = { readonly output: OutputFormat };
type CreateOptions = Options & {
  readonly connection: readonly string[];
  readonly name?: string;
  readonly ttl: number;
  readonly source?: readonly string[];
  readonly maxConnections?: number;
};

/** `grant create|list|revoke`: what lets clients in. */
export function grantCommand(io: Io): Command {
  const grant = new Command('grant')
    .description('grants, with which clients come in through SOCKS5 and HTTP CONNECT')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway grant create --connection orders --ttl 8h');
  grant
    .command('create')
    .description('make a grant; it is printed now and never again')
    .requiredOption(
      '--connection <connection...>',
      'the connections it is for; may be given several times',
      connectionName,
    )
    .option('--name <name>', 'what people call it; the names of its connections, when left out', grantName)
    .addOption(
      new Option('--ttl <duration>', 'how long it can be used, such as 30m, 8h or 7d')
        .argParser(tokenTimeToLive)
        .default(8 * 3600, '8h'),
    )
    .option(
      '--source <cidr...>',
      'where clients must come from, such as 10.0.0.0/8; anywhere the ingress allows, when left out',
      sourceRange,
    )
    .option('--max-connections <number>', 'client connections at once', wholeNumber(1, 1_000_000))
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
    .description('revoke a grant, at once; the clients that use it are ended')
    .argument('<id>', 'the id of the grant, as grant list shows it', grantId)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway grant revoke 019a0b1c2d3e4f5a6b7c')
    .action((id: string, { output }: Options) => revoke(io, id, output));
  return grant;
}

async function create(io: Io, options: CreateOptions): Promise<void> {
  const { connection, name, ttl, source, maxConnections, output } = options;
  const created = await apiFromEnvironment(io).ask(CreatedGrant, 'POST', 'grants', {
    connections: connection,
    ttlSeconds: ttl,
    ...(name !== undefined && { name }),
    ...(source !== undefined && { sources: source }),
    ...(maxConnections !== undefined && { maxConnections }),
  });
  if (output === 'json') {
    io.stdout.write(json(created));
    return;
  }
  // The grant alone goes to stdout, so that it can be sent straight into a file.
  io.stdout.write(`${created.grant}\n`);
  const label = created.grant.replace(/^pst_grant_/, '');
  io.stderr.write(
    `Lets clients into ${connection.join(', ')} until ${created.expiresAt}, as ${created.id}. It is not shown again.\n` +
      'It is the password for SOCKS5 and for HTTP CONNECT, with any user name. Where a client can send no password, ' +
      `it is part of\nthe host that the client asks for: ${connection[0]}--${label}.penstock\n`,
  );
}

const HEAD: readonly TableColumn[] = [
  'ID',
  'STATE',
  { title: 'NAME', rank: 1 },
  { title: 'CONNECTIONS', rank: 4 },
  { title: 'IN USE', rank: 2 },
  { title: 'FROM', rank: 5 },
  { title: 'EXPIRES', rank: 3 },
  { title: 'MADE BY', rank: 6 },
];

function row(grant: GrantResource, { maker, style, now }: RowContext): (string | undefined)[] {
  const { id, name, state, connections, inUse, maxConnections, sources, expiresAt, createdBy } = grant;
  return [
    id,
    state === 'usable' ? style.good(state) : style.faint(state),
    name,
    connections.join(', '),
    maxConnections === undefined ? String(inUse) : `${inUse} of ${maxConnections}`,
    sources?.join(', ') ?? 'anywhere',
    relativeTime(expiresAt, now),
    maker(createdBy),
  ];
}

const LIST = {
  schema: GrantResource,
  path: 'grants',
  none: 'There are no grants. Make one: penstock-gateway grant create --connection CONNECTION',
  head: HEAD,
  row,
};

async function revoke(io: Io, id: string, output: OutputFormat): Promise<void> {
  const grant = await apiFromEnvironment(io).ask(GrantResource, 'DELETE', `grants/${encodeURIComponent(id)}`);
  io.stdout.write(
    output === 'json'
      ? json(grant)
      : `The grant ${id} is ${grant.state}. No client can use it, and those that did are ended.\n`,
  );
}

/** One of the values of --connection, added to those before it. */
function connectionName(text: string, before: readonly string[] | undefined): string[] {
  if (new RegExp(NAME_PATTERN).test(text)) return [...(before ?? []), text];
  throw new InvalidArgumentError('Write the name of a connection, as connection list shows it.');
}

function grantName(text: string): string {
  if (text.length >= 1 && text.length <= 63) return text;
  throw new InvalidArgumentError('Write a name of 1 to 63 characters.');
}

/** The id; a grant itself is a secret, and must not get into a URL. */
function grantId(text: string): string {
  if (/^[0-9a-f]{20}$/.test(text)) return text;
  throw new CommandError(
    'This is no id of a grant. Give the id that grant list shows; the grant itself is a secret, and stands in no command.',
  );
}
