import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Listens on loopback, on a port chosen by the system, until disposed. */
export async function listen(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
