import { isIP } from 'node:net';
import { ConnectionResource } from '@penstock/api-schema';
import {
  CommandError,
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  styleFor,
} from '@penstock/terminal';
import { Command, InvalidArgumentError, Option } from 'commander';
import { adminUrl, apiFromEnvironment } from '../../api/api-from-environment.ts';
import { meantAmong } from '../../api/did-you-mean.ts';
import { everyPage } from '../../api/pages.ts';
import { everyDriver } from './every-driver.ts';
import type { IngressEndpoint, Placeholders } from './ingress-endpoint.ts';
import { notes } from './notes.ts';
import { type Driver, type Recipe, recipeFor } from './recipe.ts';

type Options = {
  readonly driver?: string;
  readonly host?: string;
  readonly user: string;
  readonly database: string;
  readonly target?: { readonly host: string; readonly port: number };
  readonly output: OutputFormat;
};

/** `connection url`: connection strings for drivers. */
export function connectionUrlCommand(io: Io): Command {
  return new Command('url')
    .description("print a driver's connection strings for each ingress of a connection")
    .argument('<name>', 'name of the connection')
    .addOption(
      new Option(
        '--driver <driver>',
        'driver; by default, all drivers for the kind of the connection',
      ).choices(everyDriver.map(({ name }) => name)),
    )
    .option(
      '--host <host>',
      'host by which clients reach the gateway; by default, the host of PENSTOCK_URL',
      host,
    )
    .option('--user <user>', 'database user', plain, 'USER')
    .option('--database <database>', 'database or service name', plain, 'DATABASE')
    .option(
      '--target <host:port>',
      'for proxies: address of the database in agent.yaml, to match its certificate',
      target,
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      `
Passwords and grants are never printed. Replace GRANT with the grant.

Example:
  $ penstock-gateway connection url orders --driver pgjdbc --host gateway.example.com`,
    )
    .action((name: string, options: Options) => printUrls(io, name, options));
}

async function printUrls(io: Io, name: string, options: Options): Promise<void> {
  const { items } = await everyPage(apiFromEnvironment(io), ConnectionResource, 'connections');
  const connection = items.find((each) => each.name === name);
  if (connection === undefined) throw unknownConnection(name, items);
  const drivers = driversFor(connection, options.driver);
  const clientHost = options.host ?? adminUrl(io).hostname.replace(/^\[|\]$/g, '');
  const { user, database } = options;
  const placeholders: Placeholders = {
    connection: name,
    user,
    database,
    grant: 'GRANT',
    target: options.target,
  };
  const endpoints = connection.ingress.map((ingress) => endpointOf(ingress, clientHost));
  const recipes = drivers.flatMap((driver) =>
    endpoints.map((endpoint) => ({ driver, endpoint, recipe: recipeFor(driver, endpoint, placeholders) })),
  );
  if (options.output === 'json') {
    io.stdout.write(json({ items: recipes.map(asJson) }));
    return;
  }
  if (endpoints.length === 0) {
    io.stdout.write(`No ingress of ${name} is open. Check the log of the gateway for the reason.\n`);
    return;
  }
  const { strong, warning } = styleFor(io.stdout, io.environment);
  for (const { driver, endpoint, recipe } of recipes) {
    io.stdout.write(`${strong(`${driver.title} through ${endpointText(endpoint)}`)}\n`);
    io.stdout.write(
      `${recipeLines(recipe, warning)
        .map((line) => `  ${line}\n`)
        .join('')}\n`,
    );
  }
  const [driver] = drivers;
  if (options.driver !== undefined && connection.kind !== undefined && driver?.kind !== connection.kind) {
    io.stderr.write(
      `gateway.yaml specifies the kind ${connection.kind} for ${name}, but this driver is for ${driver?.kind}.\n`,
    );
  }
  if (options.host === undefined) {
    io.stderr.write(
      `Clients may reach the gateway by another host than ${clientHost}. Specify it with --host.\n`,
    );
  }
}

/** Describes an ingress. A connection can have several of the same kind. */
function endpointText(endpoint: IngressEndpoint): string {
  if (endpoint.kind === 'sni') return `sni, mode: ${endpoint.mode}, port ${endpoint.port}`;
  if (endpoint.kind === 'httpConnect') return `httpConnect, tls: ${endpoint.tls}, port ${endpoint.port}`;
  return `${endpoint.kind}, port ${endpoint.port}`;
}

function recipeLines(recipe: Recipe, warning: (text: string) => string): string[] {
  if ('unsupported' in recipe) return [`${warning('not supported:')} ${recipe.unsupported}`];
  return [recipe.connect, ...(recipe.also ?? []), ...recipe.notes.map((id) => `- ${notes[id]}`)];
}

function asJson({ driver, endpoint, recipe }: { driver: Driver; endpoint: IngressEndpoint; recipe: Recipe }) {
  const head = { driver: driver.name, ingress: endpoint.kind, host: endpoint.host, port: endpoint.port };
  if ('unsupported' in recipe) return { ...head, possible: false, reason: recipe.unsupported };
  const { connect, also = [], notes: ids } = recipe;
  return { ...head, possible: true, connect, also, notes: ids.map((id) => ({ id, text: notes[id] })) };
}

function driversFor({ name, kind }: ConnectionResource, wanted: string | undefined): readonly Driver[] {
  if (wanted !== undefined) return everyDriver.filter((driver) => driver.name === wanted);
  const fitting = everyDriver.filter((driver) => driver.kind === kind);
  if (fitting.length > 0) return fitting;
  throw new CommandError(`gateway.yaml does not specify the kind of the connection ${name}.`, {
    exitCode: exitCodes.usage,
    suggestion: `Specify the driver: --driver ${everyDriver.map((driver) => driver.name).join('|')}`,
  });
}

function endpointOf(ingress: ConnectionResource['ingress'][number], clientHost: string): IngressEndpoint {
  const { kind, port, grant = 'required' } = ingress;
  if (kind === 'sni')
    return { kind, port, host: ingress.host ?? clientHost, mode: ingress.mode ?? 'passthrough' };
  if (kind === 'socks5') return { kind, port, host: clientHost, grant };
  if (kind === 'httpConnect') return { kind, port, host: clientHost, grant, tls: ingress.tls ?? 'on' };
  return { kind, port, host: clientHost };
}

function unknownConnection(name: string, items: readonly ConnectionResource[]): CommandError {
  return new CommandError(`gateway.yaml has no connection ${name}.`, {
    suggestion:
      items.length === 0
        ? 'It has no connections.'
        : (meantAmong(
            name,
            items.map((each) => each.name),
          ) ?? 'List them: penstock-gateway connection list'),
  });
}

/** Accepts only characters that no driver requires to be escaped. */
function plain(text: string): string {
  if (/^[\w.$-]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'Must consist of letters, digits, _ . $ and -. Insert other names into the string manually.',
  );
}

function host(text: string): string {
  if (isIP(text) !== 0 || /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(text)) return text;
  throw new InvalidArgumentError('Must be a host name or an IP address, without a port.');
}

function target(text: string): { host: string; port: number } {
  const [, name = '', digits] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535))
    throw new InvalidArgumentError('Must be host:port, such as db.internal:5432.');
  return { host: host(name.replace(/^\[(.*)\]$/, '$1')), port };
}
