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
import { everyPage } from '../../api/pages.ts';
import { everyDriver } from './every-driver.ts';
import { notes } from './notes.ts';
import { type Driver, type Recipe, recipeFor } from './recipe.ts';
import type { Blanks, WayIn } from './way-in.ts';

type Options = {
  readonly driver?: string;
  readonly host?: string;
  readonly user: string;
  readonly database: string;
  readonly target?: { readonly host: string; readonly port: number };
  readonly output: OutputFormat;
};

/** `connection url`: what to paste into a driver. */
export function connectionUrlCommand(io: Io): Command {
  return new Command('url')
    .description('print the connection strings of a driver for every way into a connection')
    .argument('<name>', 'the name of the connection')
    .addOption(
      new Option(
        '--driver <driver>',
        'the driver; all that fit the kind of the connection when left out',
      ).choices(everyDriver.map(({ name }) => name)),
    )
    .option(
      '--host <host>',
      'name or address by which clients reach the gateway; the host of PENSTOCK_URL when left out',
      host,
    )
    .option('--user <user>', 'user of the database', plain, 'USER')
    .option('--database <database>', 'database, or service name', plain, 'DATABASE')
    .option(
      '--target <host:port>',
      "for proxies: the address of the database as agent.yaml has it, so that its certificate's name fits",
      target,
    )
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      `
Passwords and grants are never part of what is printed: GRANT stands where a grant belongs.

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
  const { user, database, target: asked } = options;
  const blanks: Blanks = { connection: name, user, database, grant: 'GRANT', target: asked };
  const ways = connection.ingress.map((ingress) => wayInto(ingress, clientHost));
  const recipes = drivers.flatMap((driver) =>
    ways.map((way) => ({ driver, way, recipe: recipeFor(driver, way, blanks) })),
  );
  if (options.output === 'json') {
    io.stdout.write(json({ items: recipes.map(asJson) }));
    return;
  }
  if (ways.length === 0) {
    io.stdout.write(`No way into ${name} is open at the moment. The log of the gateway says why.\n`);
    return;
  }
  const { strong, warning } = styleFor(io.stdout, io.environment);
  for (const { driver, way, recipe } of recipes) {
    io.stdout.write(`${strong(`${driver.title} by ${wayText(way)}`)}\n`);
    io.stdout.write(
      `${recipeLines(recipe, warning)
        .map((line) => `  ${line}\n`)
        .join('')}\n`,
    );
  }
  const [driver] = drivers;
  if (options.driver !== undefined && connection.kind !== undefined && driver?.kind !== connection.kind) {
    io.stderr.write(
      `gateway.yaml says that ${connection.kind} speaks behind ${name}; this driver speaks ${driver?.kind}.\n`,
    );
  }
  if (options.host === undefined) {
    io.stderr.write(
      `Clients elsewhere may know the gateway by another name than ${clientHost}: give it with --host.\n`,
    );
  }
}

/** Tells the ways of a connection apart, which may have several of a kind. */
function wayText(way: WayIn): string {
  if (way.kind === 'sni') return `sni, mode: ${way.mode}, port ${way.port}`;
  if (way.kind === 'httpConnect') return `httpConnect, tls: ${way.tls}, port ${way.port}`;
  return `${way.kind}, port ${way.port}`;
}

function recipeLines(recipe: Recipe, warning: (text: string) => string): string[] {
  if ('not' in recipe) return [`${warning('not this way:')} ${recipe.not}`];
  return [recipe.connect, ...(recipe.also ?? []), ...recipe.notes.map((id) => `- ${notes[id]}`)];
}

function asJson({ driver, way, recipe }: { driver: Driver; way: WayIn; recipe: Recipe }) {
  const head = { driver: driver.name, ingress: way.kind, host: way.host, port: way.port };
  if ('not' in recipe) return { ...head, possible: false, reason: recipe.not };
  const { connect, also = [], notes: ids } = recipe;
  return { ...head, possible: true, connect, also, notes: ids.map((id) => ({ id, text: notes[id] })) };
}

function driversFor({ name, kind }: ConnectionResource, wanted: string | undefined): readonly Driver[] {
  if (wanted !== undefined) return everyDriver.filter((driver) => driver.name === wanted);
  const fitting = everyDriver.filter((driver) => driver.kind === kind);
  if (fitting.length > 0) return fitting;
  throw new CommandError(`gateway.yaml does not say what speaks behind the connection ${name}.`, {
    exitCode: exitCodes.usage,
    suggestion: `Name the driver: --driver ${everyDriver.map((driver) => driver.name).join('|')}`,
  });
}

function wayInto(ingress: ConnectionResource['ingress'][number], clientHost: string): WayIn {
  const { kind, port, grant = 'required' } = ingress;
  if (kind === 'sni')
    return { kind, port, host: ingress.host ?? clientHost, mode: ingress.mode ?? 'passthrough' };
  if (kind === 'socks5') return { kind, port, host: clientHost, grant };
  if (kind === 'httpConnect') return { kind, port, host: clientHost, grant, tls: ingress.tls ?? 'on' };
  return { kind, port, host: clientHost };
}

function unknownConnection(name: string, items: readonly ConnectionResource[]): CommandError {
  return new CommandError(`gateway.yaml names no connection ${name}.`, {
    suggestion:
      items.length === 0 ? 'It names none at all.' : `It names ${items.map((each) => each.name).join(', ')}.`,
  });
}

/** What needs no escaping in any driver's string. */
function plain(text: string): string {
  if (/^[\w.$-]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'Write letters, digits, _ . $ and - only; put other names into the string by hand.',
  );
}

function host(text: string): string {
  if (isIP(text) !== 0 || /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(text)) return text;
  throw new InvalidArgumentError('Write a host name or an IP address, without a port.');
}

function target(text: string): { host: string; port: number } {
  const [, name = '', digits] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535))
    throw new InvalidArgumentError('Write host:port, such as db.internal:5432.');
  return { host: host(name.replace(/^\[(.*)\]$/, '$1')), port };
}
