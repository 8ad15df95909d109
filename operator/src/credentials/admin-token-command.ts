import { AdminTokenResource, adminRoles, CreatedAdminToken } from '@penstock/api-schema';
import {
  type Io,
  json,
  type OutputFormat,
  outputOption,
  printableLine,
  styleFor,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { Command, Option } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { timeToLive } from './time-to-live.ts';

type Options = { readonly output: OutputFormat };
type CreateOptions = Options & { readonly name: string; readonly role: string; readonly ttl?: number };

/** `admin-token create|list|revoke`: credentials for the API. */
export function adminTokenCommand(io: Io): Command {
  const token = new Command('admin-token')
    .description('admin tokens, the credentials for the API')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway admin-token list');
  token
    .command('create')
    .description('create an admin token; it is printed only once')
    .requiredOption('--name <name>', 'owner or purpose of the token')
    .addOption(
      new Option('--role <role>', 'viewer: read only; operator: change agents and pins; admin: everything')
        .choices(adminRoles)
        .default('viewer'),
    )
    .option(
      '--ttl <duration>',
      'how long it is valid, such as 90d; by default, until it is revoked',
      timeToLive,
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway admin-token create --name dashboard --role viewer',
    )
    .action((options: CreateOptions) => create(io, options));
  token
    .command('list')
    .description('list the admin tokens, oldest first, without their secrets')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway admin-token list')
    .action(({ output }: Options) => list(io, output));
  token
    .command('revoke')
    .description('revoke an admin token immediately')
    .argument('<id>', 'ID of the token, as shown by admin-token list', idOf)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway admin-token revoke 019a0b1c2d3e4f5a6b7c')
    .action((id: string, { output }: Options) => revoke(io, id, output));
  return token;
}

async function create(io: Io, { name, role, ttl, output }: CreateOptions): Promise<void> {
  const created = await apiFromEnvironment(io).ask(CreatedAdminToken, 'POST', 'admin-tokens', {
    name,
    role,
    ...(ttl !== undefined && { ttlSeconds: ttl }),
  });
  if (output === 'json') {
    io.stdout.write(json(created));
    return;
  }
  io.stdout.write(`${created.token}\n`);
  io.stderr.write(`Role: ${role}. The token is not shown again.\n`);
}

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  'NAME',
  'ROLE',
  { title: 'CREATED', rank: 2 },
  { title: 'LAST USED', rank: 1 },
  { title: 'EXPIRES', rank: 3 },
  'STATE',
];

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items } = await everyPage(apiFromEnvironment(io), AdminTokenResource, 'admin-tokens');
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const now = Date.now();
  const rows = items.map((token) => {
    const state = stateOf(token, now);
    return [
      token.id,
      token.name,
      token.role,
      relativeTime(token.createdAt, now),
      relativeTime(token.usedAt, now),
      relativeTime(token.expiresAt, now),
      (state === 'usable' ? style.good : style.faint)(state),
    ];
  });
  io.stdout.write(table(HEAD, rows, io));
}

function stateOf({ revokedAt, expiresAt }: AdminTokenResource, now: number): string {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && Date.parse(expiresAt) <= now ? 'expired' : 'usable';
}

async function revoke(io: Io, id: string, output: OutputFormat): Promise<void> {
  const path = `admin-tokens/${encodeURIComponent(id)}`;
  const token = await apiFromEnvironment(io).ask(AdminTokenResource, 'DELETE', path);
  io.stdout.write(
    output === 'json' ? json(token) : `The admin token ${printableLine(token.name)} (${id}) is revoked.\n`,
  );
}

/** Returns the ID. If the argument is a whole token, its secret is removed to keep it out of the URL. */
function idOf(text: string): string {
  return /^pst_admin_([0-9a-f]{20})_/.exec(text)?.[1] ?? text;
}
