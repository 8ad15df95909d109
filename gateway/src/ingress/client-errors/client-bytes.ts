import type { Socket } from 'node:net';
import { releaseChunk, type SocketReader } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import { ClientReader } from '../client-reader.ts';

/** The bytes of a client, as they arrive. */
export type ClientBytes = {
  /** At least one byte. Throws TunnelError CLIENT_GONE if there are no more, and the reason of `signal`. */
  readAvailable(signal: AbortSignal): Promise<Buffer>;
};

/** Reads a paused socket that was constructed without a SocketReader. */
export const pausedSocketBytes = (socket: Socket): ClientBytes => ({
  readAvailable: (signal) => new ClientReader(socket, signal).readAvailable(),
});

/** Reads a socket that was constructed with a SocketReader. */
export class SocketReaderBytes implements ClientBytes {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #state: 'open' | 'ended' = 'open';
  #wake = () => {};

  constructor(socket: Socket, reader: SocketReader) {
    this.#socket = socket;
    const onEnd = () => {
      this.#state = 'ended';
      this.#wake();
    };
    for (const event of ['end', 'close'] as const) socket.once(event, onEnd);
    if (socket.readableEnded || socket.destroyed) onEnd();
    reader.attach((chunk) => {
      // Back-pressure: nothing more is read until these bytes are taken.
      this.#received.push(Buffer.from(chunk.bytes));
      releaseChunk(chunk);
      socket.pause();
      this.#wake();
    });
  }

  async readAvailable(signal: AbortSignal): Promise<Buffer> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#received.length > 0) return Buffer.concat(this.#received.splice(0));
      if (this.#state === 'ended') {
        throw new TunnelError(
          'CLIENT_GONE',
          'The client disconnected before it received the reason for the refusal.',
        );
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      signal.addEventListener('abort', resolve as () => void, { once: true });
      this.#socket.resume();
      await promise;
      signal.removeEventListener('abort', resolve as () => void);
    }
  }
}
