import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchOnUnusedPort, ServerEnded } from './launch-on-unused-port.ts';
import { ManagedProcess } from './process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export type Haproxy = AsyncDisposable & {
  readonly port: number;
  /** Kills the process with every connection, and starts another one on the same port. */
  restart(): Promise<void>;
};

async function launch(file: string): Promise<ManagedProcess> {
  const started = await ManagedProcess.start({ command: 'haproxy', args: ['-W', '-db', '-f', file] });
  try {
    await started.line('sign that haproxy is ready', ({ text }) => text.includes('Loading success'), 30_000);
    return started;
  } catch (error) {
    const { output } = started;
    await started[Symbol.asyncDispose]();
    throw started.running ? error : new ServerEnded('haproxy', output);
  }
}

/** A real haproxy of this machine that spreads TCP connections to ports on 127.0.0.1, one after the other. */
export async function startHaproxy(ports: readonly number[]): Promise<Haproxy> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryDirectory());
  const file = join(path, 'haproxy.cfg');
  const { server, port } = await launchOnUnusedPort(async (unused) => {
    const lines = [
      'defaults',
      '  mode tcp',
      '  timeout connect 5s',
      '  timeout client 1h',
      '  timeout server 1h',
      'listen replicas',
      `  bind 127.0.0.1:${unused}`,
      '  balance roundrobin',
      ...ports.map((each, index) => `  server r${index + 1} 127.0.0.1:${each}`),
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return launch(file);
  });
  let current = server;
  stack.defer(() => current[Symbol.asyncDispose]());
  const running = stack.move();
  return {
    port,
    async restart() {
      // The worker ends with its master, and resets what it has carried.
      await current.stop('SIGKILL');
      current = await launch(file);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
