import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { resetSocket } from '@penstock/transport';

/** The sockets of a server and those created on its behalf, which are closed together with it. */
export class ServerSockets {
  readonly #sockets = new Set<Socket>();

  get open(): number {
    return this.#sockets.size;
  }

  /** Adds an error listener first, because a reset is part of the test, not a failure. */
  adopt(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  resetAll(): void {
    for (const socket of this.#sockets) resetSocket(socket);
  }

  /** Stops listening, destroys every socket, and waits until all are closed. */
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

/** Unlike `once` of node:events, this ignores errors: a socket may fail while it is closed. */
function closing(ending: Server | Socket): Promise<void> {
  return new Promise((resolve) => {
    ending.once('close', () => resolve());
  });
}

/** Starts a server on 127.0.0.1 and returns its address. */
export async function listenOnLoopback(server: Server, port = 0): Promise<HostPort> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string')
    throw new Error('The server does not listen on a TCP port.');
  return { host: '127.0.0.1', port: bound.port };
}
