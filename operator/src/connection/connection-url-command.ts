import { isIP } from 'node:net';
import { ConnectionStringList, type ConnectionStringResource } from '@penstock/api-schema';
import { everyDriver } from '@penstock/connection-strings';
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
import { adminUrl, apiFromEnvironment } from '../api/api-from-environment.ts';

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
  const { kind, host: clientHost, drivers, items } = await strings(io, name, options);
  const isKindKnown = drivers.every((driver) => driver.kind === kind);
  if (options.driver === undefined && !isKindKnown) {
    throw new CommandError(`gateway.yaml does not specify the kind of the connection ${name}.`, {
      exitCode: exitCodes.usage,
      suggestion: `Specify the driver: --driver ${drivers.map((driver) => driver.name).join('|')}`,
    });
  }
  if (options.output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write(`No ingress of ${name} is open. Check the log of the gateway for the reason.\n`);
    return;
  }
  const { strong, warning } = styleFor(io.stdout, io.environment);
  const titles = new Map(drivers.map((driver) => [driver.name, driver.title]));
  for (const item of items) {
    io.stdout.write(`${strong(`${titles.get(item.driver) ?? item.driver} through ${ingressText(item)}`)}\n`);
    const lines = stringLines(item, warning).map((line) => `  ${line}\n`);
    io.stdout.write(`${lines.join('')}\n`);
  }
  if (kind !== undefined && !isKindKnown) {
    io.stderr.write(
      `gateway.yaml specifies the kind ${kind} for ${name}, but this driver is for ${drivers[0]?.kind}.\n`,
    );
  }
  if (options.host === undefined) {
    io.stderr.write(
      `Clients may reach the gateway by another host than ${clientHost}. Specify it with --host.\n`,
    );
  }
}

/** The host is that of PENSTOCK_URL, even if a proxy in front of the API passes on another one. */
function strings(io: Io, name: string, options: Options): Promise<ConnectionStringList> {
  const { driver, user, database, target } = options;
  const query = new URLSearchParams({
    host: options.host ?? adminUrl(io).hostname.replace(/^\[|\]$/g, ''),
    user,
    database,
    ...(driver !== undefined && { driver }),
    ...(target !== undefined && { target: `${target.host}:${target.port}` }),
  });
  const path = `connections/${encodeURIComponent(name)}/strings?${query}`;
  return apiFromEnvironment(io).ask(ConnectionStringList, 'GET', path);
}

/** Describes an ingress. A connection can have several of the same kind. */
function ingressText({ ingress, mode, tls, port }: ConnectionStringResource): string {
  if (ingress === 'sni') return `sni, mode: ${mode}, port ${port}`;
  if (ingress === 'httpConnect') return `httpConnect, tls: ${tls}, port ${port}`;
  return `${ingress}, port ${port}`;
}

function stringLines(
  { connect, also = [], notes = [], reason }: ConnectionStringResource,
  warning: (text: string) => string,
): string[] {
  if (connect === undefined) return [`${warning('not supported:')} ${reason}`];
  return [connect, ...also, ...notes.map(({ text }) => `- ${text}`)];
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
