import type { Socket } from 'node:net';
import { AddressLimit, FairItems } from '@penstock/runtime';
import { resetSocket } from '@penstock/transport';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import { ClientReader } from './client-reader.ts';
import type { ClientSource } from './client-source.ts';

export type HandshakeLimits = { readonly pendingHandshakes: number; readonly handshakeTimeout: number };

/** The handshake of one client, from its accept until its connection is known. */
export type PendingHandshake = {
  /** Aborted when the handshake times out, or when the gateway stops accepting clients. */
  readonly signal: AbortSignal;
  /** The caller must call this when the client is served, refused or closed. Idempotent. */
  end(): void;
};

/** A client whose connection is not known yet. */
export type HandshakingClient = {
  readonly socket: Socket;
  readonly source: ClientSource;
  readonly reader: ClientReader;
  readonly signal: AbortSignal;
};

/**
 * Limits number and duration of the handshakes of all ingresses together. When the number is reached, the oldest handshake
 * of the source with the most makes room: clients that keep theirs half open cannot shut out others.
 */
export class PendingHandshakes {
  readonly #limits: () => HandshakeLimits;
  readonly #pending = new FairItems<{ readonly controller: AbortController; readonly end: () => void }>();
  readonly #addresses = new AddressLimit(() => this.#maxPerAddress);

  constructor(limits: () => HandshakeLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#pending.size;
  }

  /** One source address gets at most half of the limit, so it cannot block all other clients. */
  get #maxPerAddress(): number {
    return Math.ceil(this.#limits().pendingHandshakes / 2);
  }

  /** Throws TunnelError LIMIT_EXCEEDED if the address has reached its part of the limit. */
  begin(address: string): PendingHandshake {
    const { pendingHandshakes, handshakeTimeout } = this.#limits();
    const release = this.#addresses.tryTake(address);
    if (release === undefined) {
      throw new TunnelError(
        'LIMIT_EXCEEDED',
        `${address} has reached half of limits.pendingHandshakes (${this.#maxPerAddress} of ${pendingHandshakes}).`,
      );
    }
    if (this.#pending.size >= pendingHandshakes) this.#makeRoom(pendingHandshakes);
    const controller = new AbortController();
    const timedOut = new TunnelError(
      'LIMIT_EXCEEDED',
      `The client did not complete its handshake within limits.handshakeTimeout (${handshakeTimeout} ms).`,
    );
    const timer = setTimeout(() => controller.abort(timedOut), handshakeTimeout);
    const end = () => {
      clearTimeout(timer);
      release();
      remove();
    };
    const remove = this.#pending.add(address, { controller, end });
    return { signal: controller.signal, end };
  }

  #makeRoom(limit: number): void {
    const oldest = this.#pending.mostDispensable;
    oldest?.end();
    oldest?.controller.abort(
      new TunnelError(
        'LIMIT_EXCEEDED',
        `The gateway has reached limits.pendingHandshakes (${limit}), and the handshake of this client took the longest.`,
      ),
    );
  }

  /**
   * Runs the handshake of one client: `handshake` serves the client, or throws. If it throws, or a limit is reached,
   * the client is reset and `onFailed` is called with the error. The socket must be paused. Never rejects.
   */
  async run(
    socket: Socket,
    source: ClientSource,
    handshake: (client: HandshakingClient) => Promise<void>,
    onFailed: (error: TunnelError) => void,
  ): Promise<void> {
    socket.on('error', () => {});
    let pending: PendingHandshake | undefined;
    try {
      pending = this.begin(source.address);
      const { signal } = pending;
      await handshake({ socket, source, signal, reader: new ClientReader(socket, signal) });
    } catch (error) {
      onFailed(error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error)));
      resetSocket(socket);
    } finally {
      pending?.end();
    }
  }

  /** Aborts every pending handshake. */
  abortAll(code: CloseCode): void {
    for (const { controller } of [...this.#pending]) controller.abort(new TunnelError(code));
  }
}
