import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort } from '@penstock/config-schema';
import type { TestCertificate } from './certificates.ts';
import { launchOnUnusedPort, ServerEnded } from './launch-on-unused-port.ts';
import { ManagedProcess } from './process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A real Redis server of this machine on loopback without persistence. Disposing stops it. */
export class Redis implements AsyncDisposable {
  readonly password: string;
  readonly address: HostPort;
  readonly #stack: AsyncDisposableStack;

  private constructor(password: string, port: number, stack: AsyncDisposableStack) {
    this.password = password;
    this.address = { host: '127.0.0.1', port };
    this.#stack = stack;
  }

  /** With `tls`, its port accepts only TLS. */
  static async start({ tls }: { readonly tls?: TestCertificate } = {}): Promise<Redis> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory());
    const password = randomBytes(12).toString('hex');
    const certificate = join(path, 'server.crt');
    const key = join(path, 'server.key');
    if (tls !== undefined) {
      await writeFile(certificate, tls.chain);
      await writeFile(key, tls.key, { mode: 0o600 });
    }
    const { server, port } = await launchOnUnusedPort((unused) => {
      const ports =
        tls === undefined
          ? [`port ${unused}`]
          : [
              'port 0',
              `tls-port ${unused}`,
              `tls-cert-file ${certificate}`,
              `tls-key-file ${key}`,
              `tls-ca-cert-file ${certificate}`,
              'tls-auth-clients no',
            ];
      return launch(path, ['bind 127.0.0.1', `requirepass ${password}`, 'save ""', `dir ${path}`, ...ports]);
    });
    stack.use(server);
    return new Redis(password, port, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function launch(path: string, settings: readonly string[]): Promise<ManagedProcess> {
  const file = join(path, 'redis.conf');
  await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o600 });
  const server = await ManagedProcess.start({ command: 'redis-server', args: [file], cwd: path });
  try {
    await server.line(
      'sign that Redis is ready',
      ({ text }) => text.includes('Ready to accept connections'),
      30_000,
    );
    return server;
  } catch (cause) {
    const ended = !server.running;
    await server[Symbol.asyncDispose]();
    throw ended ? new ServerEnded('Redis', server.output) : cause;
  }
}
