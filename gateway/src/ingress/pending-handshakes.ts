import type { Socket } from 'node:net';
import { AddressLimit } from '@penstock/runtime';
import { resetSocket } from '@penstock/transport';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import { ClientReader } from './client-reader.ts';
import type { ClientSource } from './client-source.ts';

export type HandshakeLimits = { readonly pendingHandshakes: number; readonly handshakeTimeout: number };

/** A client's place among those that have not yet said which connection they want. */
export type PendingHandshake = {
  /** Aborted when the time is up, or when this gateway takes no more clients. */
  readonly signal: AbortSignal;
  /** Must be called when the client is served, refused or gone; again does nothing. */
  leave(): void;
};

/** A client that is asked what it wants. */
export type HandshakingClient = {
  readonly socket: Socket;
  readonly source: ClientSource;
  readonly bytes: ClientReader;
  readonly signal: AbortSignal;
};

/** Bounds the clients of all ways in that have not yet said which connection they want, in number and in time. */
export class PendingHandshakes {
  readonly #limits: () => HandshakeLimits;
  readonly #living = new Set<AbortController>();
  readonly #addresses = new AddressLimit(() => this.#share);

  constructor(limits: () => HandshakeLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#living.size;
  }

  /** Half of the places at most are for clients of one address, so that nobody alone can keep all others out. */
  get #share(): number {
    return Math.ceil(this.#limits().pendingHandshakes / 2);
  }

  /** Takes a place, which must be left. Throws TunnelError LIMIT_EXCEEDED when all are taken. */
  enter(address: string): PendingHandshake {
    const { pendingHandshakes, handshakeTimeout } = this.#limits();
    if (this.#living.size >= pendingHandshakes) {
      throw new TunnelError(
        'LIMIT_EXCEEDED',
        `${pendingHandshakes} clients, limits.pendingHandshakes, have not yet said what they want.`,
      );
    }
    const give = this.#addresses.tryTake(address);
    if (give === undefined) {
      throw new TunnelError(
        'LIMIT_EXCEEDED',
        `${this.#share} clients of ${address}, half of limits.pendingHandshakes, have not yet said what they want.`,
      );
    }
    const controller = new AbortController();
    const late = new TunnelError(
      'LIMIT_EXCEEDED',
      `The client did not say what it wants within ${handshakeTimeout} ms, limits.handshakeTimeout.`,
    );
    const timer = setTimeout(() => controller.abort(late), handshakeTimeout);
    this.#living.add(controller);
    return {
      signal: controller.signal,
      leave: () => {
        clearTimeout(timer);
        give();
        this.#living.delete(controller);
      },
    };
  }

  /**
   * Asks one client what it wants: `ask` serves it or throws. Whoever makes it throw is reset and handed to `denied`.
   * The socket must be paused. Never rejects.
   */
  async run(
    socket: Socket,
    source: ClientSource,
    ask: (client: HandshakingClient) => Promise<void>,
    denied: (error: TunnelError) => void,
  ): Promise<void> {
    const ignore = () => {};
    socket.on('error', ignore);
    let place: PendingHandshake | undefined;
    try {
      place = this.enter(source.address);
      const { signal } = place;
      await ask({ socket, source, signal, bytes: new ClientReader(socket, signal) });
    } catch (error) {
      denied(error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error)));
      resetSocket(socket);
    } finally {
      place?.leave();
    }
  }

  /** Ends every client that negotiates. */
  abortAll(code: CloseCode): void {
    for (const controller of this.#living) controller.abort(new TunnelError(code));
  }
}
