import type { Socket } from 'node:net';
import { releaseChunk, type SocketReader } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';

/** The bytes of a client, as they arrive. */
export type ClientBytes = {
  /** At least one byte. Throws TunnelError CLIENT_GONE if there are no more, and the signal's reason. */
  readAvailable(): Promise<Buffer>;
};

/** Reads a socket that was constructed with a SocketReader; ClientReader reads any other. */
export class SocketReaderBytes implements ClientBytes {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #received: Buffer[] = [];
  #state: 'open' | 'ended' = 'open';
  #wake = () => {};

  constructor(socket: Socket, reader: SocketReader, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    const onEnd = () => {
      this.#state = 'ended';
      this.#wake();
    };
    for (const event of ['end', 'close'] as const) socket.once(event, onEnd);
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    if (socket.readableEnded || socket.destroyed) onEnd();
    reader.attach((chunk) => {
      // Back-pressure: nothing more is read until these bytes are taken.
      this.#received.push(Buffer.from(chunk.bytes));
      releaseChunk(chunk);
      socket.pause();
      this.#wake();
    });
  }

  async readAvailable(): Promise<Buffer> {
    for (;;) {
      this.#signal.throwIfAborted();
      if (this.#received.length > 0) return Buffer.concat(this.#received.splice(0));
      if (this.#state === 'ended') {
        throw new TunnelError(
          'CLIENT_GONE',
          'The client disconnected before it was told why it is not served.',
        );
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#socket.resume();
      await promise;
    }
  }
}
