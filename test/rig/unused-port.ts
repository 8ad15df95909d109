import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports this process has been given. The system may assign one again while nobody listens on it yet. */
const given = new Set<number>();

/**
 * Returns a loopback port that was unused a moment ago, for a program that does not support port 0, and never the same one twice. Another
 * process may take it first, so the caller must retry if its program cannot bind.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = await assignedPort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

async function assignedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('The system did not assign a port.');
  return bound.port;
}
