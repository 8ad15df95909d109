import type { Socket } from 'node:net';
import { resetSocket } from '@penstock/transport';

/** Milliseconds for a client to take its last words and leave. */
const PATIENCE = 5_000;

/**
 * Clients that are told why they are not served before their connection ends. What they still send is read and
 * dropped: closing with unread bytes is a reset, which would take the words with it.
 */
export class LingeringSockets {
  readonly #leaving = new Map<Socket, { readonly timer: NodeJS.Timeout; readonly reset: () => void }>();
  #life: 'open' | 'closed' = 'open';

  /** Sends `words` and FIN. The socket has an error listener; `reset` ends it where that takes more than itself. */
  say(socket: Socket, reply: Buffer, reset: () => void = () => resetSocket(socket)): void {
    if (this.#life === 'closed' || !socket.writable) {
      reset();
      return;
    }
    const timer = setTimeout(reset, PATIENCE);
    this.#leaving.set(socket, { timer, reset });
    socket.once('close', () => {
      clearTimeout(timer);
      this.#leaving.delete(socket);
    });
    socket.end(reply);
    socket.resume();
  }

  /** Ends everybody now, and those to come at once. */
  close(): void {
    this.#life = 'closed';
    for (const { reset } of this.#leaving.values()) reset();
  }
}
