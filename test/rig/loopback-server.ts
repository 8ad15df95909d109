import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';

/**
 * A TCP server on a free port of 127.0.0.1 that knows its sockets, so that it can end with all of them.
 * Every socket is half-open aware and has an error listener before the handler sees it.
 */
export class LoopbackServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #address: HostPort = { host: '127.0.0.1', port: 0 };
  /** Connections accepted since the start. */
  accepted = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(onConnection: (socket: Socket) => void): Promise<LoopbackServer> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const self = new LoopbackServer(server);
    server.on('connection', (socket) => {
      self.accepted += 1;
      self.adopt(socket);
      onConnection(socket);
    });
    await self.listen();
    return self;
  }

  get address(): HostPort {
    return this.#address;
  }

  /** Sockets that are open now, adopted ones included. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Has `socket` end with this server, as if it had been accepted by it. */
  adopt(socket: Socket): void {
    this.#sockets.add(socket);
    // The peer's reset is an event of the test, not a failure of the rig.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Listens again, on the same port as before. */
  async listen(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#address.port, this.#address.host);
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('The server listens on no TCP port.');
    this.#address = { host: '127.0.0.1', port: bound.port };
  }

  /** Stops listening: new clients are refused by the system. Open sockets stay. */
  refuse(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** Resets every open socket. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    const closed = [...this.#sockets].map((socket) => (socket.closed ? undefined : once(socket, 'close')));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}
