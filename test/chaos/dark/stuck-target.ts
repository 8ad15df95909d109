import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { LoopbackServer } from '../../rig/loopback-server.ts';

/** A target that does not read, as a database does that waits for a lock in the middle of a COPY. */
export class StuckTarget implements AsyncDisposable {
  readonly #server: LoopbackServer;
  readonly #sockets: Socket[];
  readonly #clients: Socket[] = [];

  private constructor(server: LoopbackServer, sockets: Socket[]) {
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(): Promise<StuckTarget> {
    const sockets: Socket[] = [];
    const server = await LoopbackServer.start((socket) => {
      socket.pause();
      sockets.push(socket);
    });
    return new StuckTarget(server, sockets);
  }

  get port(): number {
    return this.#server.address.port;
  }

  /** A client that sends through `port` until every buffer on the way here is full. */
  async fill(port: number): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port });
    this.#clients.push(socket);
    socket.on('error', () => {});
    const chunk = Buffer.alloc(64 * 1024);
    const send = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('connect', send).on('drain', send);
    for (let before = -1; before !== socket.bytesWritten - socket.writableLength; ) {
      before = socket.bytesWritten - socket.writableLength;
      await pause(1_000);
    }
  }

  /** Reads about so many bytes, and then nothing again. */
  async read(bytes: number): Promise<void> {
    let left = bytes;
    for (const socket of this.#sockets) {
      socket.on('data', (chunk: Buffer) => {
        left -= chunk.length;
        if (left <= 0) socket.pause();
      });
      socket.resume();
    }
    while (left > 0) await pause(50);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.#server[Symbol.asyncDispose]();
  }
}
