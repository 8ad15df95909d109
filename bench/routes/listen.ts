import { once } from 'node:events';
import type { Server } from 'node:net';
import type { Address } from './route.ts';

/** Has `server` listen on a free port of `host`. */
export async function listen(server: Server, host: string): Promise<Address> {
  server.listen({ port: 0, host, backlog: 4096 });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return { host, port: address.port };
}
