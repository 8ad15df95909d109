import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort } from '@penstock/config-schema';
import { launchOnUnusedPort, ServerEnded } from './launch-on-unused-port.ts';
import type { Postgres } from './postgres.ts';
import { ManagedProcess } from './process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** The user id of nobody on Linux; pgbouncer refuses to run as root. */
const NOBODY = 65_534;

/** A real pgbouncer of this machine in transaction mode, in front of all databases of a server. */
export class PgBouncer implements AsyncDisposable {
  readonly address: HostPort;
  readonly #stack: AsyncDisposableStack;

  private constructor(address: HostPort, stack: AsyncDisposableStack) {
    this.address = address;
    this.#stack = stack;
  }

  /**
   * `poolSize` limits the server connections of each database: fewer than clients, so that they are really shared. It listens
   * on `host`, and reaches the server at `to`.
   */
  static async start(
    postgres: Postgres,
    { poolSize = 2, host = '127.0.0.1', to = postgres.address } = {},
  ): Promise<PgBouncer> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory());
    await chmod(path, 0o755);
    const isRoot = process.getuid?.() === 0;
    const users = join(path, 'users.txt');
    await writeFile(users, `"${postgres.user}" "${postgres.password}"\n`, { mode: 0o600 });
    if (isRoot) await chown(users, NOBODY, NOBODY);
    const { server, port } = await launchOnUnusedPort(async (unused) => {
      const file = join(path, 'pgbouncer.ini');
      const settings = [
        '[databases]',
        `* = host=${to.host} port=${to.port}`,
        '[pgbouncer]',
        `listen_addr = ${host}`,
        `listen_port = ${unused}`,
        'unix_socket_dir =',
        'pool_mode = transaction',
        `default_pool_size = ${poolSize}`,
        'auth_type = scram-sha-256',
        `auth_file = ${users}`,
      ];
      await writeFile(file, `${settings.join('\n')}\n`);
      return launch(file, path, isRoot);
    });
    stack.use(server);
    return new PgBouncer({ host, port }, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function launch(file: string, path: string, isRoot: boolean): Promise<ManagedProcess> {
  const server = await ManagedProcess.start({
    command: '/usr/sbin/pgbouncer',
    args: [file],
    cwd: path,
    ...(isRoot && { account: { uid: NOBODY, gid: NOBODY } }),
  });
  try {
    await server.line('sign that pgbouncer is ready', ({ text }) => text.includes('process up'), 30_000);
    return server;
  } catch (cause) {
    const ended = !server.running;
    await server[Symbol.asyncDispose]();
    throw ended ? new ServerEnded('pgbouncer', server.output) : cause;
  }
}
