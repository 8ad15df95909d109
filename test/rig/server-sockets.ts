import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';

/** The sockets of a server and those made on its behalf, so that it can end with all of them. */
export class ServerSockets {
  readonly #sockets = new Set<Socket>();

  get open(): number {
    return this.#sockets.size;
  }

  /** Gives the socket an error listener before anything else: a reset is an event of the test, not a failure. */
  adopt(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Stops listening, destroys every socket, and waits until all of that has happened. */
  async endWith(server: Server): Promise<void> {
    const closed = [...this.#sockets].filter((socket) => !socket.closed).map(closing);
    if (server.listening) {
      closed.push(closing(server));
      server.close();
    }
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}

/** Unlike `once` of node:events it is indifferent to errors: a socket may fail on its way out. */
function closing(ending: Server | Socket): Promise<void> {
  return new Promise((resolve) => {
    ending.once('close', () => resolve());
  });
}

/** Has a server listen on 127.0.0.1, and says where. */
export async function listenOnLoopback(server: Server, port = 0): Promise<HostPort> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no TCP port.');
  return { host: '127.0.0.1', port: bound.port };
}
