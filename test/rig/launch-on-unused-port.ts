import type { ManagedProcess } from './process.ts';
import { unusedPort } from './unused-port.ts';

const ATTEMPTS = 5;

/** A server that ended at its start, most likely because somebody else took its port. */
export class ServerEnded extends Error {
  override readonly name = 'ServerEnded';

  constructor(server: string, output: string) {
    super(`${server} ended at its start:\n${output}`);
  }
}

/**
 * For servers that cannot be given port 0: between asking for a free port and binding it somebody may be faster,
 * so a launch that rejects with ServerEnded is tried again with another.
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
