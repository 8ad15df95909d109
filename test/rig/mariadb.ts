import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from './certificates.ts';
import { launchOnUnusedPort, ServerEnded } from './launch-on-unused-port.ts';
import { skipBecause, skipWithout } from './optional.ts';
import { ManagedProcess } from './process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** The user id of nobody on Linux; the server does not run as root by default. */
const NOBODY = 65_534;
const ACCOUNT = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
const AS_ACCOUNT = ACCOUNT === undefined ? {} : { account: ACCOUNT };

export type MariaDbOptions = {
  /** The server speaks TLS to the clients that ask for it. */
  readonly tls?: TestCertificate;
  /** The server blocks every host after its first client that does not log in (`max_connect_errors`). */
  readonly isBlockingHosts?: boolean;
};

/** A real MariaDB server of this machine on loopback, with its own data. Disposing stops it and removes the data. */
export class MariaDb implements AsyncDisposable {
  readonly user = 'app';
  readonly database = 'app';
  readonly password: string;
  readonly address: HostPort;
  readonly #stack: AsyncDisposableStack;

  private constructor(password: string, port: number, stack: AsyncDisposableStack) {
    this.password = password;
    this.address = { host: '127.0.0.1', port };
    this.#stack = stack;
  }

  /** With `tls`, the server supports TLS for clients that request it. */
  static async start({ tls, isBlockingHosts = false }: MariaDbOptions = {}): Promise<MariaDb> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory());
    const data = join(path, 'data');
    await mkdir(data);
    await chmod(path, 0o755);
    if (ACCOUNT !== undefined) await chown(data, ACCOUNT.uid, ACCOUNT.gid);
    await install(data);
    const password = randomBytes(12).toString('hex');
    const initFile = await fileFor(join(path, 'init.sql'), [
      'CREATE DATABASE app;',
      `CREATE USER app@'%' IDENTIFIED BY '${password}';`,
      "GRANT ALL ON app.* TO app@'%';",
      // Not required to kill one's own queries, but required to list them.
      "GRANT PROCESS ON *.* TO app@'%';",
      "GRANT SELECT ON performance_schema.* TO app@'%';",
    ]);
    const tlsArguments =
      tls === undefined
        ? []
        : [
            `--ssl-cert=${await fileFor(join(path, 'server.crt'), [tls.chain])}`,
            `--ssl-key=${await fileFor(join(path, 'server.key'), [tls.key])}`,
          ];
    const hosts = isBlockingHosts
      ? await fileFor(join(path, 'hosts'), ['127.0.0.1 localhost', `${ownAddress()} checker.example`])
      : undefined;
    const { server, port } = await launchOnUnusedPort((unused) =>
      launch(hosts, [
        '--no-defaults',
        `--datadir=${data}`,
        `--port=${unused}`,
        `--bind-address=${isBlockingHosts ? '0.0.0.0' : '127.0.0.1'}`,
        `--socket=${join(data, 'server.sock')}`,
        `--pid-file=${join(data, 'server.pid')}`,
        `--init-file=${initFile}`,
        ...(isBlockingHosts
          ? ['--max-connect-errors=1', '--performance-schema=ON', '--user=nobody']
          : ['--skip-name-resolve']),
        // The data is discarded after the test.
        '--innodb-flush-log-at-trx-commit=0',
        '--innodb-log-file-size=8M',
        '--innodb-buffer-pool-size=32M',
        ...tlsArguments,
      ]),
    );
    stack.use(server);
    return new MariaDb(password, port, stack.move());
  }

  /** Where hosts other than this one would connect, for whom the server counts errors. */
  get remoteAddress(): HostPort {
    return { host: ownAddress() ?? '', port: this.address.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function fileFor(path: string, lines: readonly string[]): Promise<string> {
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  if (ACCOUNT !== undefined) await chown(path, ACCOUNT.uid, ACCOUNT.gid);
  return path;
}

async function install(data: string): Promise<void> {
  await using installer = await ManagedProcess.start({
    command: 'mariadb-install-db',
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--innodb-log-file-size=8M',
    ],
    cwd: data,
    ...AS_ACCOUNT,
  });
  const { code } = await installer.exit(60_000);
  if (code !== 0) throw new Error(`mariadb-install-db ended with ${code}:\n${installer.output}`);
}

/** An IPv4 address of this machine that is not loopback, for which the server counts nothing. */
const ownAddress = () =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** For the `skip` option of a test with `isBlockingHosts`. */
export function skipWithoutHostCache(): false | string {
  if (process.getuid?.() !== 0) return skipBecause('only root can give a process an /etc/hosts of its own');
  if (ownAddress() === undefined) return skipBecause('this machine has only loopback addresses');
  return skipWithout('mariadbd') || skipWithout('unshare');
}

/** `hosts`: what the server finds in /etc/hosts, since it only counts errors of hosts whose name leads back to them. */
async function launch(hosts: string | undefined, args: readonly string[]): Promise<ManagedProcess> {
  const server = await ManagedProcess.start(
    hosts === undefined
      ? { command: 'mariadbd', args, cwd: '/', ...AS_ACCOUNT }
      : {
          command: 'unshare',
          args: ['--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec mariadbd "$@"', hosts, ...args],
          cwd: '/',
        },
  );
  try {
    await server.line(
      'sign that MariaDB is ready',
      ({ text }) => text.includes('ready for connections'),
      60_000,
    );
    return server;
  } catch (cause) {
    const ended = !server.running;
    await server[Symbol.asyncDispose]();
    throw ended ? new ServerEnded('MariaDB', server.output) : cause;
  }
}
