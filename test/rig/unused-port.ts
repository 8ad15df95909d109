import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of loopback that nobody listened on a moment ago, for a program that cannot be given port 0. Another
 * process may take it first: the caller tries again when its program cannot bind.
 */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('The system gave no port.');
  return bound.port;
}
