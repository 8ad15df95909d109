import { once } from 'node:events';
import { createServer } from 'node:net';

/** Returns an unused port, for programs that do not support port 0. Another process may take it first. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The TCP server has no port.');
  return address.port;
}
