import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port nobody listens on, for programs that cannot be given port 0 and asked. Another process may take it first. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}
