import type { Socket } from 'node:net';
import { BriefSet } from '@penstock/runtime';
import { resetSocket } from '@penstock/transport';

const LINGER_TIMEOUT_MS = 5_000;

/**
 * Sockets that receive a last message before they are closed. What they still send is read and discarded: closing a
 * socket with unread bytes resets it, and a reset can discard the message at the receiver.
 */
export class LingeringSockets {
  readonly #lingering = new BriefSet<{ readonly reset: () => void }>();
  #state: 'open' | 'closed' = 'open';

  /**
   * Sends `message` and FIN, then waits for the peer to close. The socket must have an error listener. `reset` is
   * required if resetting `socket` itself is not enough, for example under TLS.
   */
  end(socket: Socket, message: Buffer, reset: () => void = () => resetSocket(socket)): void {
    if (this.#state === 'closed' || !socket.writable) {
      reset();
      return;
    }
    const timer = setTimeout(reset, LINGER_TIMEOUT_MS);
    const leave = this.#lingering.add({ reset });
    socket.once('close', () => {
      clearTimeout(timer);
      leave();
    });
    socket.end(message);
    socket.resume();
  }

  /** Resets all sockets, and from now on every socket passed to `end`. */
  close(): void {
    this.#state = 'closed';
    for (const { reset } of this.#lingering) reset();
  }
}
