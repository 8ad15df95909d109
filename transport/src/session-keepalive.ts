import type { Http2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type KeepaliveOptions, type KeepalivePort, keepAlive } from './keepalive.ts';

export type SessionKeepaliveOptions = Pick<KeepalivePort, 'onDead' | 'onRoundTrip' | 'onSlept'> & {
  readonly http: Pick<Http2Session, 'ping'>;
  readonly socket: Pick<TLSSocket, 'bytesRead'>;
  readonly ping: Pick<KeepaliveOptions, 'interval' | 'timeout' | 'clock'>;
};

/** Milliseconds for the first sign of life after this host slept. */
const SUSPECT_TIMEOUT = 3_000;

/** Pings the peer of one session. */
export class SessionKeepalive {
  readonly #options: SessionKeepaliveOptions;
  #stop = () => {};

  constructor(options: SessionKeepaliveOptions) {
    this.#options = options;
  }

  /** Starts, or starts again, with a ping at once. */
  start(firstTimeout = this.#options.ping.timeout): void {
    const { http, socket, ping, ...port } = this.#options;
    this.#stop();
    this.#stop = keepAlive(
      {
        ...port,
        ping: (onPong) => {
          http.ping((error, roundTrip) => {
            if (error === null) onPong(roundTrip);
          });
        },
        bytesReceived: () => socket.bytesRead,
      },
      { ...ping, firstTimeout },
    );
  }

  /** The session is suspect: asks at once, with a short deadline for this one ping. */
  suspect(): void {
    this.start(Math.min(SUSPECT_TIMEOUT, this.#options.ping.timeout));
  }

  stop(): void {
    this.#stop();
  }
}
