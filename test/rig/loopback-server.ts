import { createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { listenOnLoopback, ServerSockets } from './server-sockets.ts';

/**
 * A TCP server on a free port of 127.0.0.1 that closes together with its sockets. Every socket allows half-open
 * connections and has an error listener before it is passed to the handler.
 */
export class LoopbackServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new ServerSockets();
  #address: HostPort = { host: '127.0.0.1', port: 0 };
  /** Number of connections accepted since the start. */
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

  /** Number of open sockets, including adopted ones. */
  get open(): number {
    return this.#sockets.open;
  }

  /** Closes `socket` together with this server, as if the server had accepted it. */
  adopt(socket: Socket): void {
    this.#sockets.adopt(socket);
  }

  /** Listens again, on the same port as before. */
  async listen(): Promise<void> {
    if (!this.#server.listening) this.#address = await listenOnLoopback(this.#server, this.#address.port);
  }

  /** Stops listening: the system refuses new clients. Open sockets stay open. */
  refuse(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** Resets every open socket. */
  resetAll(): void {
    this.#sockets.resetAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.endWith(this.#server);
  }
}
