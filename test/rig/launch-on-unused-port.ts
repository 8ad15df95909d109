import type { ManagedProcess } from './process.ts';
import { unusedPort } from './unused-port.ts';

const ATTEMPTS = 5;

/** The server exited during startup, most likely because another process took its port. */
export class ServerEnded extends Error {
  override readonly name = 'ServerEnded';

  constructor(server: string, output: string) {
    super(`${server} ended at its start:\n${output}`);
  }
}

/**
 * Launches a server that does not support port 0. Another process may take the free port before the server binds it, so
 * a launch that rejects with ServerEnded is retried with another port.
 */
export async function launchOnUnusedPort(
  launch: (port: number) => Promise<ManagedProcess>,
): Promise<{ readonly server: ManagedProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await unusedPort();
    try {
      return { server: await launch(port), port };
    } catch (error) {
      if (!(error instanceof ServerEnded) || attempt === ATTEMPTS) throw error;
    }
  }
}
